"""Problem 3 with three jobs that each have one report of the same contract.

Of all variants only the one update that adds leaves so few interleavings that all of them can be
tried in a minute; the others are in `problem_3_ring`, for searches that have a bound.
"""

from __future__ import annotations

from functools import partial

from harness.engines import Isolation
from harness.scenario import Scenario, Variant
from schema.vehicle_maintenance import metadata
from schema.vehicle_maintenance.fixture import PROBLEM_2_SCHEDULE, Rows, load, rows
from workloads.vehicle_maintenance.batch.inspection_rate_update import (
    inspection_rate_update_contract_order_addition,
)
from workloads.vehicle_maintenance.problems.problem_3 import (
    AS_THEY_CAME,
    jobs_of,
    mended,
    no_job_ends_by_deadlock,
    result_row,
)

_ENDS = (1, 2, 3)


def one_sheet_rows() -> Rows:
    """The fixture with three reports of one contract."""
    everything = rows()
    everything["work_result"] += [
        result_row(AS_THEY_CAME, number, PROBLEM_2_SCHEDULE, report)
        for report, number in enumerate(_ENDS)
    ]
    return everything


_VARIANTS = (
    Variant(
        "addition",
        "one update that adds instead of a read and an update",
        jobs_of(inspection_rate_update_contract_order_addition, AS_THEY_CAME, *_ENDS),
        mended,
    ),
)

PROBLEM_3_THREE_JOBS = Scenario(
    name="problem-3-three-jobs",
    title="three jobs add up one contract's points",
    question="do three parallel jobs lose points?",
    metadata=metadata,
    load=partial(load, content=one_sheet_rows()),
    variants={variant.name: variant for variant in _VARIANTS},
    results_check=no_job_ends_by_deadlock,
    isolations=(Isolation.READ_COMMITTED,),
)
