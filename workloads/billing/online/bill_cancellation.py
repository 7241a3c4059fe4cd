"""Bill cancellation (請求取消): goods come back after their delivery.

The exam: sets the bill's cancelled date to the day of the return, turns 返品フラグ of its lines
from 'N' to 'Y', and takes the amounts that are returned off 商品別請求.

Assumed: some lines may come back without the others, and the bill then counts as cancelled from the
first return on; 請求's row is locked first, so that two returns of one bill come one by one.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select, update

from schema.billing import bill, bill_line, product_billing
from workloads.billing.refusals import BillNotFoundError, NothingToReturnError


@dataclass(frozen=True, slots=True)
class BillCancellationRequest:
    """What comes back, and when; all lines that are not back yet if none are named."""

    bill_no: int
    return_date: date
    line_nos: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BillCancellationResult:
    """What the clerk sees: how many lines came back, and what they were billed at."""

    returned_lines: int
    returned_yen: int


def bill_cancellation(
    connection: Connection, request: BillCancellationRequest
) -> BillCancellationResult:
    """Take back lines of a bill, in one transaction.

    Raises:
        BillNotFoundError: rolled back; there is no such bill.
        NothingToReturnError: rolled back; some of what comes back is not there, or is back.
    """
    lines = _lock_lines(connection, request)
    for line_no, product_no, amount_yen in lines:
        _return_line(connection, request.bill_no, line_no)
        _take_off(connection, product_no, amount_yen)
    connection.execute(
        update(bill)
        .where(bill.c.bill_no == request.bill_no)
        .values(cancelled_date=func.coalesce(bill.c.cancelled_date, request.return_date))
    )
    connection.commit()
    return BillCancellationResult(len(lines), sum(amount_yen for *_, amount_yen in lines))


def _lock_lines(
    connection: Connection, request: BillCancellationRequest
) -> list[tuple[int, int, int]]:
    """Lock the bill and then its lines that come back: number, product, amount; by product."""
    there = connection.execute(
        select(bill.c.bill_no).where(bill.c.bill_no == request.bill_no).with_for_update()
    ).one_or_none()
    if there is None:
        connection.rollback()
        raise BillNotFoundError(request.bill_no)
    wanted = select(bill_line.c.line_no, bill_line.c.product_no, bill_line.c.amount).where(
        bill_line.c.bill_no == request.bill_no, bill_line.c.returned == "N"
    )
    if request.line_nos:
        wanted = wanted.where(bill_line.c.line_no.in_(request.line_nos))
    found = connection.execute(
        wanted.order_by(bill_line.c.product_no, bill_line.c.line_no).with_for_update()
    ).all()
    if not found or (request.line_nos and len(found) != len(set(request.line_nos))):
        connection.rollback()
        raise NothingToReturnError(request.bill_no)
    return [(line_no, product_no, amount) for line_no, product_no, amount in found]


def _return_line(connection: Connection, bill_no: int, line_no: int) -> None:
    connection.execute(
        update(bill_line)
        .where(bill_line.c.bill_no == bill_no, bill_line.c.line_no == line_no)
        .values(returned="Y")
    )


def _take_off(connection: Connection, product_no: int, amount_yen: int) -> None:
    connection.execute(
        update(product_billing)
        .where(product_billing.c.product_no == product_no)
        .values(billed_total=product_billing.c.billed_total - amount_yen)
    )
