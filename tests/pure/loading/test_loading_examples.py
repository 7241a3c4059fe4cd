"""The examples in the docstrings of what makes and loads data."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "harness.loading.digest",
        "harness.loading.lines",
        "schema.vehicle_maintenance.generator.business",
    ],
)
def test_the_examples_in_the_docstrings_are_true(module):
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0
