"""The exam's problems at volume: on as many rows as a day has."""

from __future__ import annotations

from collections.abc import Sequence

from harness.measure.measurement import Measurement
from workloads.vehicle_maintenance.measurements.problem_1 import Problem1
from workloads.vehicle_maintenance.measurements.problem_3 import Problem3


def measurements() -> Sequence[Measurement]:
    """What the entry point brings."""
    return [Problem1(), Problem3()]
