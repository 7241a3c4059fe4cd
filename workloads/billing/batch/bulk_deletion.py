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
    select,
    tuple_,
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
    lines = 0
    while keys := _next_keys(connection, due, rows_per_unit):
        these = tuple_(bill_line.c.bill_no, bill_line.c.line_no).in_(keys)
        lines += _executed(connection, delete(bill_line).where(these))  # ① in parts
        connection.commit()  # ②
    bills = _executed(connection, delete(bill).where(due))  # ③
    connection.commit()  # ④
    return BulkDeletionResult(bills, lines)


def due_bills(request: BulkDeletionRequest) -> ColumnElement[bool]:
    """Say in SQL which bills go: billed in the month before, and paid.

    Raises:
        MonthNotOverError: it is not the last day of a month.
    """
    if (request.processing_date + timedelta(days=1)).day != 1:
        raise MonthNotOverError(request.processing_date)
    last = request.processing_date.replace(day=1) - timedelta(days=1)
    return and_(
        bill.c.billed_date.between(last.replace(day=1), last), bill.c.paid_date.is_not(None)
    )


def _delete_1(due: ColumnElement[bool]) -> Delete:
    return delete(bill_line).where(bill_line.c.bill_no.in_(select(bill.c.bill_no).where(due)))


def _next_keys(
    connection: Connection, due: ColumnElement[bool], rows: int
) -> list[tuple[int, int]]:
    """The keys of the next lines to go, in their order."""
    wanted: Select[int, int] = (
        select(bill_line.c.bill_no, bill_line.c.line_no)
        .join(bill)
        .where(due)
        .order_by(bill_line.c.bill_no, bill_line.c.line_no)
        .limit(rows)
    )
    return [(bill_no, line_no) for bill_no, line_no in connection.execute(wanted)]


def _executed(connection: Connection, statement: Delete) -> int:
    return connection.execute(statement).rowcount
