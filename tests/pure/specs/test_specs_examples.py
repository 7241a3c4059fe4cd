import doctest
import importlib

import pytest

ROOM = "harness.specs"
MODULES = ("answer", "parser", "spec", "statements")


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_are_true(module):
    outcome = doctest.testmod(importlib.import_module(f"{ROOM}.{module}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0
