"""The examples in the docstrings are true."""

import doctest

import pytest

from harness.engines.mysql import server_log as one_log
from harness.engines.mysql import waits
from harness.engines.postgresql import server_log as other_log
from harness.operations import programs, series, server_log


@pytest.mark.parametrize("module", [one_log, waits, other_log, programs, series, server_log])
def test_examples(module) -> None:
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)
