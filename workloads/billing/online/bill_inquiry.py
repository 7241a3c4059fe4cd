"""Bill inquiries (請求情報照会) 1 and 2: show a bill, and what a range of bills adds up to.

Exam figures 2 and 4 are lost. The text says that both inquiries go by the primary key, that inquiry
2 adds up 請求明細 for each bill number, and that figure 4 leaves out a bill whose number of lines
(明細数) is not that of the lines found. Returned lines (返品フラグ) count as billed.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Select, func, select

from schema.billing import bill, bill_line
from workloads.billing.refusals import BillNotFoundError


@dataclass(frozen=True, slots=True)
class BillShown:
    """What inquiry 1 shows of one bill."""

    bill_no: int
    member_no: int
    billed_date: date
    line_count: int
    paid_date: date | None
    cancelled_date: date | None


@dataclass(frozen=True, slots=True)
class TotalShown:
    """What inquiry 2 shows of one bill: what its lines add up to."""

    bill_no: int
    billed_date: date
    total_yen: int


@dataclass(frozen=True, slots=True)
class BillRange:
    """Bill numbers from `first` to `last`, both included."""

    first: int
    last: int


def bill_inquiry_1(connection: Connection, bill_no: int) -> BillShown:
    """Show one bill.

    Raises:
        BillNotFoundError: there is no such bill.
    """
    c = bill.c
    found = connection.execute(
        select(
            c.bill_no, c.member_no, c.billed_date, c.line_count, c.paid_date, c.cancelled_date
        ).where(c.bill_no == bill_no)
    ).one_or_none()
    connection.commit()
    if found is None:
        raise BillNotFoundError(bill_no)
    return BillShown(*found)


def bill_inquiry_2(connection: Connection, asked: BillRange) -> tuple[TotalShown, ...]:
    """Show the totals of a range of bills as exam figure 2 does (variant `current`)."""
    c = bill.c
    return _shown(
        connection,
        select(c.bill_no, c.billed_date, func.sum(bill_line.c.amount))
        .join(bill_line)
        .where(c.bill_no.between(asked.first, asked.last))
        .group_by(c.bill_no, c.billed_date)
        .order_by(c.bill_no),
    )


def bill_inquiry_2_complete(connection: Connection, asked: BillRange) -> tuple[TotalShown, ...]:
    """Show the totals of those bills of which all lines are found, as exam figure 4 does."""
    c = bill.c
    return _shown(
        connection,
        select(c.bill_no, c.billed_date, func.sum(bill_line.c.amount))
        .join(bill_line)
        .where(c.bill_no.between(asked.first, asked.last))
        .group_by(c.bill_no, c.billed_date, c.line_count)
        .having(func.count() == c.line_count)
        .order_by(c.bill_no),
    )


def bill_inquiry_2_locking(connection: Connection, asked: BillRange) -> tuple[TotalShown, ...]:
    """Show the totals of rows that it locks for sharing, as the exam's RDBMS reads.

    The lock is taken inside, for a row that stands for several others cannot be locked.
    """
    c = bill.c
    locked = (
        select(c.bill_no, c.billed_date, bill_line.c.amount)
        .join(bill_line)
        .where(c.bill_no.between(asked.first, asked.last))
        .with_for_update(read=True)
        .subquery("locked")
    )
    return _shown(
        connection,
        select(locked.c.bill_no, locked.c.billed_date, func.sum(locked.c.amount))
        .group_by(locked.c.bill_no, locked.c.billed_date)
        .order_by(locked.c.bill_no),
    )


def _shown(connection: Connection, totals: Select[int, date, int]) -> tuple[TotalShown, ...]:
    found = connection.execute(totals).all()
    connection.commit()
    # The sum of integers is a Decimal on some engines.
    return tuple(TotalShown(bill_no, billed, int(total)) for bill_no, billed, total in found)
