"""The billing problems at volume: log of a unit, waits, and what is shown wrongly."""

from __future__ import annotations

from collections.abc import Sequence

from harness.measure.measurement import Measurement
from workloads.billing.measurements.deletion import Deletion
from workloads.billing.measurements.problem_b import ProblemB
from workloads.billing.measurements.problem_c import ProblemC


def measurements() -> Sequence[Measurement]:
    """What the entry point brings."""
    return [ProblemB(), ProblemC(), Deletion()]
