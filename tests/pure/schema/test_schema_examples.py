import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "schema.dialect",
        "schema.vehicle_maintenance.fixture",
        "schema.vehicle_maintenance.invariants",
        "schema.vehicle_maintenance.vocabulary",
    ],
)
def test_the_examples_in_the_docstrings_are_true(module):
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0
