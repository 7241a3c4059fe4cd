"""The exam's problems as scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from harness.scenario import Scenario
from workloads.vehicle_maintenance.problems.problem_1 import PROBLEM_1
from workloads.vehicle_maintenance.problems.problem_2 import PROBLEM_2
from workloads.vehicle_maintenance.problems.problem_3 import PROBLEM_3
from workloads.vehicle_maintenance.problems.problem_3_three_jobs import PROBLEM_3_THREE_JOBS


def scenarios() -> Sequence[Scenario]:
    """What the entry point brings."""
    return [PROBLEM_1, PROBLEM_2, PROBLEM_3, PROBLEM_3_THREE_JOBS]
