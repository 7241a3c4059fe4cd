"""The exam's problems as scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from harness.scenario import Scenario
from workloads.billing.problems.problem_a import PROBLEM_A
from workloads.billing.problems.problem_b import PROBLEM_B
from workloads.billing.problems.problem_c import PROBLEM_C


def scenarios() -> Sequence[Scenario]:
    """What the entry point brings."""
    return [PROBLEM_A, PROBLEM_B, PROBLEM_C]
