"""The examples in the docstrings of what replays."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "harness.cli.replay_options",
        "harness.replay.arrivals",
        "harness.replay.latency",
        "harness.replay.report",
        "harness.replay.rows",
        "workloads.vehicle_maintenance.business_day.rules",
    ],
)
def test_the_examples_in_the_docstrings_are_true(module):
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0
