"""What must be true after a replayed day, whatever ran at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from harness.checks.invariant import Invariant
from schema.vehicle_maintenance import (
    ScheduleKey,
    batch_run,
    inspection_sheet,
    maintenance_schedule,
    progress,
    work_result,
)
from schema.vehicle_maintenance.invariants import never_goes_down, observe_current_arrangements
from workloads.vehicle_maintenance.batch.inspection_rate_update import PROGRAM_NAME


def stands_behind_its_progress(connection: Connection) -> str | None:
    """Exam problem 2: a schedule (予定表) stands lower than what its progress (進捗) records."""
    s, p = maintenance_schedule.c, progress.c
    same = and_(
        s.contract_no == p.contract_no,
        s.order_no == p.order_no,
        s.planned_start_date == p.planned_start_date,
    )
    found = connection.execute(
        select(
            s.contract_no,
            s.order_no,
            s.planned_start_date,
            s.current_arrangement_no,
            func.max(p.arrangement_no),
        )
        .select_from(maintenance_schedule.join(progress, same))
        .where(p.arrangement_no > s.current_arrangement_no)
        .group_by(s.contract_no, s.order_no, s.planned_start_date, s.current_arrangement_no)
        .order_by(s.contract_no, s.order_no, s.planned_start_date)
    ).all()
    if not found:
        return None
    *key, stands, recorded = found[0]
    others = f", and {len(found) - 1} more schedules do" if len(found) > 1 else ""
    return (
        f"maintenance_schedule ({ScheduleKey(*key)}): stands at {stands}, "
        f"its progress at {recorded}{others}"
    )


class Points(NamedTuple):
    """What the inspection sheets (点検表) hold, and what the ranges that are done brought."""

    on_sheets: int
    of_done: int


def observe_points(connection: Connection) -> Points:
    """Add up the sheets' actual points, and the points of results in ranges marked as done."""
    w, b = work_result.c, batch_run.c
    done = and_(
        b.program_name == PROGRAM_NAME,
        w.report_date == b.report_date,
        w.sort_seq.between(b.first_sort_seq, b.last_sort_seq),
    )
    on_sheets = connection.scalar(select(func.sum(inspection_sheet.c.actual_points)))
    of_done = connection.scalar(
        select(func.sum(w.points)).select_from(work_result.join(batch_run, done))
    )
    return Points(int(on_sheets or 0), int(of_done or 0))


def no_points_lost(history: Sequence[Points]) -> str | None:
    """Judge: the sheets have gained what was done meanwhile (exam problem 3).

    >>> no_points_lost([Points(10, 4), Points(25, 19)])
    >>> no_points_lost([Points(10, 4), Points(24, 19)])
    'inspection_sheet: gained 14 points, of 15 that were added up'
    """
    gained = history[-1].on_sheets - history[0].on_sheets
    done = history[-1].of_done - history[0].of_done
    if gained == done:
        return None
    return f"inspection_sheet: gained {gained} points, of {done} that were added up"


INVARIANTS = (
    Invariant(
        "the current arrangement never goes down", observe_current_arrangements, never_goes_down
    ),
    Invariant.of(stands_behind_its_progress),
    Invariant("no points are lost", observe_points, no_points_lost),
)
