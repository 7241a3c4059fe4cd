"""Progress update (進捗更新): take over the work results which the contractors reported today.

Exam figure 4. The work results (実施結果) of the report date are read; then for each row:

    ① add a progress (進捗) row for arrangement 7, completion confirmed
    ② set the current arrangement of the schedule (予定表) row to 7
    ③ if it is a shaken, set the vehicle's (車両) shaken expiry date to the next one
    ④ add a row to the vehicle record (記録簿)
    ⑤ commit

A contractor reports several work items for one piece of maintenance, yet it is confirmed once:
a second progress row for arrangement 7 would violate the key. So a row whose schedule stands at
7 already is skipped whole, whether an earlier row of this run brought it there or an earlier
run that was killed. That one rule makes the program restartable from the top: each schedule is
done by one transaction, entirely or not at all. No work item is lost to the record: result
registration (実施登録) adds a row for each (exam table 3), and the row of step ④ records the
completion. How far a schedule has come is read along with the work results, for 進捗 and 記録簿
are not this program's to read (exam table 4).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Date, Integer, String, insert, literal, select, update

from schema.dialect import YearsLater
from schema.vehicle_maintenance import (
    ScheduleKey,
    belongs_to,
    maintenance_order,
    maintenance_schedule,
    progress,
    vehicle,
    work_result,
)
from schema.vehicle_maintenance.vocabulary import (
    COMPLETION_CONFIRMED,
    MAINTENANCE_CLASS_NAMES,
    SHAKEN,
)
from workloads.vehicle_maintenance.record_row import next_record

# A shaken of a private car or a light van is valid for two years. They count from the previous
# expiry rather than from the day of the test, provided that the test falls in the last month
# before it: being early costs the customer nothing. The system tests within that month.
SHAKEN_VALID_YEARS = 2


@dataclass(frozen=True, slots=True)
class ProgressUpdateRequest:
    """Which day's work results to take over."""

    report_date: date


@dataclass(frozen=True, slots=True)
class ProgressUpdateResult:
    """How many work result rows led to a confirmation, and how many were skipped."""

    confirmed_rows: int
    skipped_rows: int


@dataclass(frozen=True, slots=True)
class Report:
    """One work result row, with what its schedule row says about it."""

    report_date: date
    schedule: ScheduleKey
    current_arrangement_no: int
    maintenance_class: str
    vehicle_no: int


def progress_update(connection: Connection, request: ProgressUpdateRequest) -> ProgressUpdateResult:
    """Take over a day's work results as exam figure 4 says (variant `current`).

    Running it again, for instance after it was killed, adds what is missing and nothing else.
    """
    return _take_over(connection, request, _confirm)


def progress_update_lock_order(
    connection: Connection, request: ProgressUpdateRequest
) -> ProgressUpdateResult:
    """Take over, locking each row's maintenance order first (variant `lock-order`).

    Reservation registration (予約登録) begins with that lock (figure 3, step ①), so the two
    exclude each other for as long as one of them is at work on an order. Table 4 gives this
    program no access to 受託: the variant changes the table as well.
    """
    return _take_over(connection, request, _lock_order_and_confirm)


def _take_over(
    connection: Connection,
    request: ProgressUpdateRequest,
    confirm: Callable[[Connection, Report], None],
) -> ProgressUpdateResult:
    confirmed: set[ScheduleKey] = set()
    reports = _read_reports(connection, request.report_date)
    for report in reports:
        if report.current_arrangement_no >= COMPLETION_CONFIRMED:
            continue
        if report.schedule in confirmed:
            continue
        confirm(connection, report)
        connection.commit()  # ⑤
        confirmed.add(report.schedule)
    if not confirmed:
        connection.commit()  # Reading has begun a transaction, which nobody else would end.
    return ProgressUpdateResult(len(confirmed), len(reports) - len(confirmed))


def _read_reports(connection: Connection, report_date: date) -> list[Report]:
    """Read the day's work results in order of arrival, all before the first commit."""
    schedule = maintenance_schedule.c
    found = connection.execute(
        select(
            schedule.contract_no,
            schedule.order_no,
            schedule.planned_start_date,
            schedule.current_arrangement_no,
            schedule.maintenance_class,
            schedule.vehicle_no,
        )
        .select_from(work_result.join(maintenance_schedule))
        .where(work_result.c.report_date == report_date)
        .order_by(work_result.c.sort_seq, work_result.c.work_item_no)
    )
    return [Report(report_date, ScheduleKey(*row[:3]), *row[3:]) for row in found]


def _lock_order_and_confirm(connection: Connection, report: Report) -> None:
    """Lock the maintenance order as figure 3 step ① does, then do steps ① to ④."""
    connection.execute(
        select(maintenance_order.c.maintenance_class)
        .where(
            maintenance_order.c.contract_no == report.schedule.contract_no,
            maintenance_order.c.order_no == report.schedule.order_no,
        )
        .with_for_update()
    )
    _confirm(connection, report)


def _confirm(connection: Connection, report: Report) -> None:
    """Do steps ① to ④ for one row."""
    _add_progress(connection, report.schedule)  # ①
    _set_current_arrangement(connection, report.schedule)  # ②
    if report.maintenance_class == SHAKEN:
        _extend_shaken(connection, report.vehicle_no)  # ③
    _add_record(connection, report)  # ④


def _add_progress(connection: Connection, key: ScheduleKey) -> None:
    """Step ①: add a progress row for completion confirmed."""
    connection.execute(
        insert(progress).values(**key._asdict(), arrangement_no=COMPLETION_CONFIRMED)
    )


def _set_current_arrangement(connection: Connection, key: ScheduleKey) -> None:
    """Step ②: set the schedule's current arrangement to completion confirmed."""
    connection.execute(
        update(maintenance_schedule)
        .where(belongs_to(maintenance_schedule, key))
        .values(current_arrangement_no=COMPLETION_CONFIRMED)
    )


def _extend_shaken(connection: Connection, vehicle_no: int) -> None:
    """Step ③: move the vehicle's shaken expiry date on by one period of validity.

    The server adds the years, for this program may update 車両 but not read it (table 4). Done
    twice it would add twice; it is in one transaction with step ②, which prevents that.
    """
    connection.execute(
        update(vehicle)
        .where(vehicle.c.vehicle_no == vehicle_no)
        .values(shaken_expiry_date=YearsLater(vehicle.c.shaken_expiry_date, SHAKEN_VALID_YEARS))
    )


def _add_record(connection: Connection, report: Report) -> None:
    """Step ④: add a row to the vehicle record, under the vehicle's next number."""
    what = f"{MAINTENANCE_CLASS_NAMES[report.maintenance_class]}: completion confirmed"
    connection.execute(
        next_record(
            literal(report.vehicle_no, Integer),
            literal(report.report_date, Date),
            literal("completed", String),
            literal(what, String),
        )
    )
