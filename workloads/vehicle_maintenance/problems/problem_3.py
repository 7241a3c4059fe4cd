"""Problem 3: parallel jobs of inspection rate update (点検率更新) deadlock, and lose points.

Two jobs take disjoint ranges of a day's sort sequence numbers. The same contract occurs in both, so
they lock inspection sheets (点検表) in different orders and hold them to their one commit (exam,
table 6 and figure 5). The exam asks for the deadlock only. Figure 5 also reads a sheet before it
locks it, so what the other job has added in between is overwritten: the engines show both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial

from sqlalchemy import Connection

from harness.checks.state import State
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.programs import Program, ProgramEnd, ServerRefused
from harness.scenario import Scenario, Variant
from schema.vehicle_maintenance import metadata
from schema.vehicle_maintenance.fixture import (
    PROBLEM_2_SCHEDULE,
    SERVICE_SCHEDULE,
    SHAKEN_SCHEDULE,
    Row,
    Rows,
    load,
    rows,
)
from schema.vehicle_maintenance.vocabulary import ScheduleKey
from workloads.vehicle_maintenance.batch.inspection_rate_update import (
    InspectionRateRequest,
    inspection_rate_update,
    inspection_rate_update_contract_order,
    inspection_rate_update_contract_order_addition,
    inspection_rate_update_contract_order_locking_read,
    inspection_rate_update_locking_read,
)

# The same four reports on two days: numbered in the order in which they came, and by contract.
AS_THEY_CAME = date(2024, 10, 16)
BY_CONTRACT = date(2024, 10, 17)

_SECOND_SHAKEN = ScheduleKey(1002, 2, date(2024, 10, 28))
_ARRIVED = (PROBLEM_2_SCHEDULE, SHAKEN_SCHEDULE, _SECOND_SHAKEN, SERVICE_SCHEDULE)

Job = Callable[[Connection, InspectionRateRequest], object]


def problem_3_rows() -> Rows:
    """The fixture with the reports of the two days; both are of contracts 1001 and 1002."""
    everything = rows()
    for day, reports in (
        (AS_THEY_CAME, _ARRIVED),
        (BY_CONTRACT, sorted(_ARRIVED, key=lambda key: key.contract_no)),
    ):
        everything["work_result"] += [
            result_row(day, number, key, _ARRIVED.index(key))
            for number, key in enumerate(reports, start=1)
        ]
    return everything


def result_row(day: date, sort_seq: int, key: ScheduleKey, report: int) -> Row:
    """A report of one work item; its points tell which report it was, from 0."""
    return {
        "report_date": day,
        "sort_seq": sort_seq,
        "work_item_no": 12,
        "contractor_code": "W01",
        "contract_no": key.contract_no,
        "order_no": key.order_no,
        "planned_start_date": key.planned_start_date,
        "points": 10**report,
        "result": "good",
        "work_description": "half-yearly inspection",
        "quantity": Decimal(1),
        "unit_price": Decimal(9000),
        "amount": Decimal(9000),
        "received_at": datetime.combine(day, time(11, 40)),
    }


def jobs_of(job: Job, day: date, *ends: int) -> Mapping[str, Program]:
    """Jobs for the numbers up to the first end, after it up to the second, and so on."""
    firsts = (1, *(end + 1 for end in ends))
    return {
        f"T{number}": Program(
            f"inspection rate update (点検率更新) {first} to {last}",
            partial(_run, job, InspectionRateRequest(day, first, last)),
        )
        for number, (first, last) in enumerate(zip(firsts, ends, strict=False), start=1)
    }


def _jobs(job: Job, day: date, first_ends: int) -> Mapping[str, Program]:
    return jobs_of(job, day, first_ends, len(_ARRIVED))


def _run(job: Job, request: InspectionRateRequest, connection: Connection) -> object:
    return job(connection, request)


def no_job_ends_by_deadlock(ends: Mapping[str, ProgramEnd], _state: State) -> str | None:
    """Judge: no job is ended as the victim of a deadlock, for it would have to run again."""
    for name, end in ends.items():
        if isinstance(end, ServerRefused) and end.refusal.kind == "deadlock":
            return f"{name} was ended as the victim of a deadlock ({end.refusal.code})"
    return None


def broken(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    """A job is ended by a deadlock, or points are lost."""
    return Verdict.VIOLATED


def mended(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    """Neither."""
    return Verdict.HOLDS


def points_lost(engine: Engine, version: str, isolation: Isolation) -> Verdict:
    """No deadlock; points are lost wherever a write may rest on a read that is out of date."""
    if isolation is Isolation.SERIALIZABLE:
        return Verdict.HOLDS
    if isolation is Isolation.REPEATABLE_READ and engine.can("refuses stale writes", version):
        return Verdict.HOLDS
    return Verdict.VIOLATED


_VARIANTS = (
    Variant(
        "current",
        "figure 5 as written, reports numbered as they came",
        _jobs(inspection_rate_update, AS_THEY_CAME, 2),
        broken,
    ),
    Variant(
        "contract-order",
        "the exam's first proposal: figure 5 reads the results in contract order",
        _jobs(inspection_rate_update_contract_order, AS_THEY_CAME, 2),
        points_lost,
    ),
    Variant(
        "numbered-by-contract",
        "the exam's second proposal: result registration numbers by contract; the ranges share one",
        _jobs(inspection_rate_update, BY_CONTRACT, 3),
        points_lost,
    ),
    Variant(
        "locking-read",
        "figure 5 locks each sheet when it reads it, in the order as they came",
        _jobs(inspection_rate_update_locking_read, AS_THEY_CAME, 2),
        broken,
    ),
    Variant(
        "contract-order-locking-read",
        "contract order, and each sheet locked when it is read",
        _jobs(inspection_rate_update_contract_order_locking_read, AS_THEY_CAME, 2),
        mended,
    ),
    Variant(
        "contract-order-addition",
        "contract order, and one update that adds instead of a read and an update",
        _jobs(inspection_rate_update_contract_order_addition, AS_THEY_CAME, 2),
        mended,
    ),
)

PROBLEM_3 = Scenario(
    name="problem-3",
    title="two jobs add up one day's points",
    question="do parallel jobs deadlock, or lose points?",
    metadata=metadata,
    load=partial(load, content=problem_3_rows()),
    variants={variant.name: variant for variant in _VARIANTS},
    results_check=no_job_ends_by_deadlock,
)
