"""The examples in the docstrings are true."""

import doctest

import pytest

from harness.measure import report
from workloads.vehicle_maintenance.measurements import problem_3


@pytest.mark.parametrize("module", [report, problem_3], ids=lambda module: module.__name__)
def test_docstring_examples(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
