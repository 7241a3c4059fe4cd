"""Reservation registration (予約登録): book the intake or the release of a vehicle.

Exam figure 3, one SQL statement per step:

    ① read the maintenance order (受託) row with an exclusive lock
    ② read the maintenance schedule (予定表) row
    ③ add a progress (進捗) row
    ④ if the schedule's current arrangement is smaller than the booked one go to ⑤, else to ⑥
    ⑤ set the schedule's current arrangement to the booked one
    ⑥ commit

`reservation_registration` is the program as the exam gives it. Exam problem 2 is in it: step ①
locks another row than the one which ② reads and ⑤ overwrites, and progress update (進捗更新)
does not take that lock. The two variants each mend one step.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, Select, insert, select, update

from schema.vehicle_maintenance import (
    ScheduleKey,
    belongs_to,
    maintenance_order,
    maintenance_schedule,
    progress,
)

current_arrangement_no = maintenance_schedule.c.current_arrangement_no


@dataclass(frozen=True, slots=True)
class ReservationRequest:
    """One booking by a customer: of the intake (arrangement 2) or of the release (6)."""

    schedule: ScheduleKey
    arrangement_no: Literal[2, 6]
    planned_intake_date: date | None = None
    planned_release_date: date | None = None


@dataclass(frozen=True, slots=True)
class ReservationResult:
    """What the clerk sees: whether this booking moved the current arrangement (step ⑤)."""

    advanced: bool


class OrderNotFoundError(LookupError):
    """The maintenance order (受託) that was named does not exist; nothing has been booked."""

    def __init__(self, contract_no: int, order_no: int) -> None:
        super().__init__(f"contract {contract_no}, order {order_no}: no such maintenance order")


class ScheduleNotFoundError(LookupError):
    """The schedule row (予定表) that was named does not exist; nothing has been booked."""

    def __init__(self, schedule: ScheduleKey) -> None:
        super().__init__(f"{schedule}: no such maintenance schedule")


def reservation_registration(
    connection: Connection, request: ReservationRequest
) -> ReservationResult:
    """Book as exam figure 3 says (variant `current`).

    Raises:
        OrderNotFoundError, ScheduleNotFoundError: rolled back, nothing is booked.
        sqlalchemy.exc.IntegrityError: this arrangement is booked already (step ③). As after
            any error of the server, rolling back is left to the caller.
    """
    _lock_order(connection, request.schedule)  # ①
    current = _read_current_arrangement(connection, request.schedule)  # ②
    _add_progress(connection, request)  # ③
    advanced = current < request.arrangement_no  # ④
    if advanced:
        _set_current_arrangement(connection, request)  # ⑤
    connection.commit()  # ⑥
    return ReservationResult(advanced)


def reservation_registration_locking_read(
    connection: Connection, request: ReservationRequest
) -> ReservationResult:
    """Book, reading the schedule row FOR UPDATE in step ② (variant `locking-read`).

    Nobody can change the row between its comparison in ④ and its update in ⑤.
    """
    _lock_order(connection, request.schedule)  # ①
    current = _lock_current_arrangement(connection, request.schedule)  # ② with a lock
    _add_progress(connection, request)  # ③
    advanced = current < request.arrangement_no  # ④
    if advanced:
        _set_current_arrangement(connection, request)  # ⑤
    connection.commit()  # ⑥
    return ReservationResult(advanced)


def reservation_registration_conditional_update(
    connection: Connection, request: ReservationRequest
) -> ReservationResult:
    """Book, comparing inside the update of step ⑤ (variant `conditional-update`).

    The server compares the row as it is when it locks it, whatever ② had read; ② remains to
    find out that the row exists.
    """
    _lock_order(connection, request.schedule)  # ①
    _read_current_arrangement(connection, request.schedule)  # ②
    _add_progress(connection, request)  # ③
    advanced = _raise_current_arrangement(connection, request)  # ④ and ⑤
    connection.commit()  # ⑥
    return ReservationResult(advanced)


def _lock_order(connection: Connection, key: ScheduleKey) -> None:
    """Step ①: read the maintenance order row with an exclusive lock."""
    found = connection.execute(
        select(maintenance_order.c.maintenance_class)
        .where(
            maintenance_order.c.contract_no == key.contract_no,
            maintenance_order.c.order_no == key.order_no,
        )
        .with_for_update()
    ).one_or_none()
    if found is None:
        connection.rollback()
        raise OrderNotFoundError(key.contract_no, key.order_no)


def _read_current_arrangement(connection: Connection, key: ScheduleKey) -> int:
    """Step ②: read the schedule row without a lock that outlasts the statement."""
    return _current_arrangement(connection, key, _schedule_row(key))


def _lock_current_arrangement(connection: Connection, key: ScheduleKey) -> int:
    """Step ② of `locking-read`: the same, with an exclusive lock until the end."""
    return _current_arrangement(connection, key, _schedule_row(key).with_for_update())


def _schedule_row(key: ScheduleKey) -> Select[int]:
    return select(current_arrangement_no).where(belongs_to(maintenance_schedule, key))


def _current_arrangement(connection: Connection, key: ScheduleKey, row: Select[int]) -> int:
    current = connection.execute(row).scalar_one_or_none()
    if current is None:
        connection.rollback()
        raise ScheduleNotFoundError(key)
    return current


def _add_progress(connection: Connection, request: ReservationRequest) -> None:
    """Step ③: add a progress row for the booked arrangement."""
    connection.execute(
        insert(progress).values(
            **request.schedule._asdict(),
            arrangement_no=request.arrangement_no,
            planned_intake_date=request.planned_intake_date,
            planned_release_date=request.planned_release_date,
        )
    )


def _set_current_arrangement(connection: Connection, request: ReservationRequest) -> None:
    """Step ⑤: set the current arrangement to the booked one."""
    connection.execute(
        update(maintenance_schedule)
        .where(belongs_to(maintenance_schedule, request.schedule))
        .values(current_arrangement_no=request.arrangement_no)
    )


def _raise_current_arrangement(connection: Connection, request: ReservationRequest) -> bool:
    """Steps ④ and ⑤ of `conditional-update`, in one statement: set it if it is smaller."""
    changed = connection.execute(
        update(maintenance_schedule)
        .where(
            belongs_to(maintenance_schedule, request.schedule),
            current_arrangement_no < request.arrangement_no,
        )
        .values(current_arrangement_no=request.arrangement_no)
    )
    return changed.rowcount == 1
