"""Problem 2: the current arrangement (現手配#) goes backwards.

A customer books the release of a vehicle (予約登録, arrangement 6) while progress update (進捗更新)
takes over the contractor's report that the same inspection is complete (arrangement 7). Reservation
registration has read 5, compares 5 < 6, and overwrites the 7 (exam, table 6 and figures 3 and 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from harness.checks.invariant import Invariant
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.programs import Program
from harness.scenario import Scenario, Variant
from schema.vehicle_maintenance import metadata
from schema.vehicle_maintenance.fixture import (
    BUSINESS_DATE,
    PROBLEM_2_SCHEDULE,
    load,
    problem_2_rows,
)
from schema.vehicle_maintenance.invariants import (
    expected_progress_rows,
    never_goes_down,
    observe_current_arrangements,
    observe_progress_rows,
    progress_row_missing,
)
from schema.vehicle_maintenance.vocabulary import RELEASE_BOOKING
from workloads.vehicle_maintenance.batch.progress_update import (
    ProgressUpdateRequest,
    progress_update,
    progress_update_lock_order,
)
from workloads.vehicle_maintenance.online.reservation_registration import (
    ReservationRequest,
    reservation_registration,
    reservation_registration_conditional_update,
    reservation_registration_locking_read,
)

_BOOKING = ReservationRequest(
    PROBLEM_2_SCHEDULE,
    RELEASE_BOOKING,
    planned_release_date=BUSINESS_DATE + timedelta(days=2),
)
_REPORT = ProgressUpdateRequest(BUSINESS_DATE)


def _programs(
    reservation: Callable[[Connection, ReservationRequest], object],
    update: Callable[[Connection, ProgressUpdateRequest], object],
) -> Mapping[str, Program]:
    return {
        "T1": Program(
            "reservation registration (予約登録)",
            lambda connection: reservation(connection, _BOOKING),
        ),
        "T2": Program("progress update (進捗更新)", lambda connection: update(connection, _REPORT)),
    }


def _lost_where_stale_writes_pass(engine: Engine, version: str, isolation: Isolation) -> Verdict:
    """The current arrangement: broken wherever a write may rest on a read that is out of date."""
    if isolation is Isolation.SERIALIZABLE:
        return Verdict.HOLDS
    if isolation is Isolation.REPEATABLE_READ and engine.can("refuses stale writes", version):
        return Verdict.HOLDS
    return Verdict.VIOLATED


def _mended(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    return Verdict.HOLDS


_VARIANTS = (
    Variant(
        "current",
        "figures 3 and 4 as the exam gives them",
        _programs(reservation_registration, progress_update),
        _lost_where_stale_writes_pass,
    ),
    Variant(
        "locking-read",
        "reservation registration reads the schedule row FOR UPDATE (figure 3, step 2)",
        _programs(reservation_registration_locking_read, progress_update),
        _mended,
    ),
    Variant(
        "lock-order",
        "progress update locks the maintenance order first, as reservation registration does",
        _programs(reservation_registration, progress_update_lock_order),
        _mended,
    ),
    Variant(
        "conditional-update",
        "reservation registration compares inside its update (figure 3, steps 4 and 5)",
        _programs(reservation_registration_conditional_update, progress_update),
        _mended,
    ),
)


def _observe_progress(connection: Connection) -> object:
    return (
        expected_progress_rows(observe_current_arrangements(connection)),
        observe_progress_rows(connection),
    )


def _progress_complete(history: Sequence[tuple[set[object], set[object]]]) -> str | None:
    """Every progress row that was ever called for, or seen, is there at the end."""
    called_for = set().union(*(expected | seen for expected, seen in history))
    return progress_row_missing(called_for, history[-1][1])  # type: ignore[arg-type]


PROBLEM_2 = Scenario(
    name="problem-2",
    title="a release is booked while the completion is taken over",
    question="can the current arrangement (現手配#) go backwards?",
    metadata=metadata,
    load=partial(load, content=problem_2_rows()),
    variants={variant.name: variant for variant in _VARIANTS},
    invariants=(
        Invariant(
            "the current arrangement never goes down",
            observe_current_arrangements,
            never_goes_down,
        ),
        Invariant("every progress row is present", _observe_progress, _progress_complete),
    ),
)
