import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["lanes", "runs", "summary", "table"])
def test_the_examples_in_the_docstrings_are_true(name) -> None:
    results = doctest.testmod(importlib.import_module(f"harness.report.{name}"))
    assert results.attempted > 0
    assert results.failed == 0
