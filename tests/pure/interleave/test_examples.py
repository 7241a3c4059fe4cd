import doctest
import importlib
import pkgutil

import pytest

import harness.checks
import harness.engines
import harness.interleave
import harness.sessions

PACKAGES = (harness.checks, harness.engines, harness.interleave, harness.sessions)
MODULES = [
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.mark.parametrize("module", ["harness.locks", "harness.programs", *MODULES])
def test_the_examples_in_the_docstrings_are_true(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_a_false_example_is_found():
    false = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "false", None, 0)
    assert doctest.DocTestRunner().run(false, out=lambda _: None).failed == 1
