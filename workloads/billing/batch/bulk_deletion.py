"""Bulk deletion (請求一括削除): at the month's end, remove last month's bills that are paid.

Exam figure 3 is lost. The text says that it has two DELETE statements with a commit between them,
and the order is forced: whether a bill is paid stands in 請求, so the lines must go first.

    ① delete 1: the lines (請求明細) of the bills that were billed last month and are paid
    ② commit
    ③ delete 2: those bills (請求)
    ④ commit

Both read the paid date, each at its own time: a payment that is taken over in between makes
delete 2 want a bill whose lines are still there.

Cancelled bills are never paid and so never go; the exam has no rule for them, and they stay.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Select,
    and_,
    delete,
    exists,
    not_,
    or_,
    select,
)

from schema.billing import bill, bill_line
from workloads.billing.refusals import MonthNotOverError


@dataclass(frozen=True, slots=True)
class BulkDeletionRequest:
    """The last day of a month, on which the paid bills of the month before are deleted."""

    processing_date: date


@dataclass(frozen=True, slots=True)
class BulkDeletionResult:
    """How many rows went."""

    deleted_bills: int
    deleted_lines: int


def bulk_deletion(connection: Connection, request: BulkDeletionRequest) -> BulkDeletionResult:
    """Delete as exam figure 3 (variant `current`). Run again it does what is left.

    Raises:
        MonthNotOverError: it is not the last day of a month; nothing is deleted.
        sqlalchemy.exc.IntegrityError: a bill was paid between the two deletes, and its lines are
            there. The lines of all others are gone, their bills are not; rolling back is left to
            the caller.
    """
    due = due_bills(request)
    lines = _executed(connection, _delete_1(due))  # ①
    connection.commit()  # ②
    bills = _executed(connection, delete(bill).where(due))  # ③
    connection.commit()  # ④
    return BulkDeletionResult(bills, lines)


def bulk_deletion_sparing(
    connection: Connection, request: BulkDeletionRequest
) -> BulkDeletionResult:
    """Delete, sparing in delete 2 the bills that still have lines (variant `spare`).

    A bill that was paid in between stays whole until the next run.

    Raises:
        MonthNotOverError: as above.
    """
    due = due_bills(request)
    lines = _executed(connection, _delete_1(due))  # ①
    connection.commit()  # ②
    has_lines = exists().where(bill_line.c.bill_no == bill.c.bill_no)
    bills = _executed(connection, delete(bill).where(due, not_(has_lines)))  # ③
    connection.commit()  # ④
    return BulkDeletionResult(bills, lines)


def bulk_deletion_by_rows(
    connection: Connection, request: BulkDeletionRequest, rows_per_unit: int
) -> BulkDeletionResult:
    """Delete with a commit after every so many lines (variant `by-rows`; exam, 検討B, method 2).

    A unit ends where the number is reached, be it in the middle of a bill.

    Raises:
        MonthNotOverError: as above.
    """
    due = due_bills(request)
    lines = first = 0
    while keys := _next_keys(connection, due, first, rows_per_unit):
        these = _delete_1(due).where(_from_to(keys[0], keys[-1]))
        lines += _executed(connection, these)  # ① in parts
        connection.commit()  # ②
        first = keys[-1][0]
    bills = _executed(connection, delete(bill).where(due))  # ③
    connection.commit()  # ④
    return BulkDeletionResult(bills, lines)


def bulk_deletion_by_ranges(
    connection: Connection, request: BulkDeletionRequest, bills_per_unit: int
) -> BulkDeletionResult:
    """Delete 1 with a commit for each range of so many bills (variant `commit-per-range`).

    All lines of a bill go in one unit, and delete 2 is as in figure 3. As there, a bill that is
    paid in between makes delete 2 fail; and until then bills are there without their lines.

    Raises:
        MonthNotOverError, sqlalchemy.exc.IntegrityError: as `bulk_deletion`.
    """
    due = due_bills(request)
    lines = first = 0
    while numbers := _next_numbers(connection, due, first, bills_per_unit):
        within = bill_line.c.bill_no.between(numbers[0], numbers[-1])
        lines += _executed(connection, _delete_1(due).where(within))  # ① in parts
        connection.commit()  # ②
        first = numbers[-1] + 1
    bills = _executed(connection, delete(bill).where(due))  # ③
    connection.commit()  # ④
    return BulkDeletionResult(bills, lines)


def bulk_deletion_by_whole_bills(
    connection: Connection, request: BulkDeletionRequest, bills_per_unit: int
) -> BulkDeletionResult:
    """Delete so many bills with their lines in each unit (variant `commit-per-bills`).

    The bills are locked when they are chosen, so that none is paid or cancelled in between, and no
    bill is ever there without its lines. Run again after it was stopped, it does what is left.

    Raises:
        MonthNotOverError: as above.
    """
    due = due_bills(request)
    bills = lines = first = 0
    while numbers := _next_numbers(connection, due, first, bills_per_unit, lock=True):
        these = bill_line.c.bill_no.in_(numbers)
        lines += _executed(connection, delete(bill_line).where(these))  # ①
        bills += _executed(connection, delete(bill).where(bill.c.bill_no.in_(numbers)))  # ③
        connection.commit()  # ④
        first = numbers[-1] + 1
    connection.commit()  # The last look has begun a transaction.
    return BulkDeletionResult(bills, lines)


def due_bills(request: BulkDeletionRequest) -> ColumnElement[bool]:
    """Say in SQL which bills go: billed in the month before, and paid.

    Raises:
        MonthNotOverError: it is not the last day of a month.
    """
    return and_(bill.c.billed_date.between(*last_month(request)), bill.c.paid_date.is_not(None))


def last_month(request: BulkDeletionRequest) -> tuple[date, date]:
    """The first and the last day of the month whose bills go.

    Raises:
        MonthNotOverError: it is not the last day of a month.

    >>> [str(day) for day in last_month(BulkDeletionRequest(date(2024, 10, 31)))]
    ['2024-09-01', '2024-09-30']
    """
    if (request.processing_date + timedelta(days=1)).day != 1:
        raise MonthNotOverError(request.processing_date)
    last = request.processing_date.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _delete_1(due: ColumnElement[bool]) -> Delete:
    return delete(bill_line).where(bill_line.c.bill_no.in_(select(bill.c.bill_no).where(due)))


def _from_to(first: tuple[int, int], last: tuple[int, int]) -> ColumnElement[bool]:
    """The lines between two keys, both included: no list of keys, which servers limit."""
    c = bill_line.c
    return and_(
        c.bill_no.between(first[0], last[0]),
        or_(c.bill_no > first[0], c.line_no >= first[1]),
        or_(c.bill_no < last[0], c.line_no <= last[1]),
    )


def _next_keys(
    connection: Connection, due: ColumnElement[bool], first: int, rows: int
) -> list[tuple[int, int]]:
    """The keys of the next lines to go, in their order, from bill number `first` on."""
    wanted: Select[int, int] = (
        select(bill_line.c.bill_no, bill_line.c.line_no)
        .join(bill)
        # What is gone already is not looked at again.
        .where(due, bill.c.bill_no >= first)
        .order_by(bill_line.c.bill_no, bill_line.c.line_no)
        .limit(rows)
    )
    return [(bill_no, line_no) for bill_no, line_no in connection.execute(wanted)]


def _next_numbers(
    connection: Connection, due: ColumnElement[bool], first: int, bills: int, *, lock: bool = False
) -> list[int]:
    """The next bills that are due, in their order, from number `first` on."""
    wanted = (
        select(bill.c.bill_no)
        .where(due, bill.c.bill_no >= first)
        .order_by(bill.c.bill_no)
        .limit(bills)
    )
    found = connection.execute(wanted.with_for_update() if lock else wanted)
    return [number for (number,) in found]


def _executed(connection: Connection, statement: Delete) -> int:
    return connection.execute(statement).rowcount
