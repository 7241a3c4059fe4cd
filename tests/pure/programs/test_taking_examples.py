"""The examples in the docstrings are true."""

import doctest

import harness.sessions.step
import harness.taking


def test_examples() -> None:
    for module in (harness.taking, harness.sessions.step):
        found = doctest.testmod(module)
        assert found.attempted
        assert not found.failed
