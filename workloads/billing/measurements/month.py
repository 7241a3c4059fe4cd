"""The month's end that is measured, and what must be true of the tables after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, select

from harness.loading.dataset import Generated
from harness.measure.measurement import Asked
from harness.measure.original import original_of
from schema.billing import bill, bill_line
from schema.billing.generator import generate
from schema.billing.generator.business import MEMBERS_AT_SCALE_1
from workloads.billing.batch.bulk_deletion import BulkDeletionRequest, last_month

MONTH_END: Final = BulkDeletionRequest(date(2024, 10, 31))

_BEFORE: Final = original_of(bill)
_LINES_BEFORE: Final = original_of(bill_line)


def month_of(asked: Asked) -> Generated:
    """Two months of bills, of so many members.

    Raises:
        ValueError: so many cannot be made.
    """
    return generate(asked.rows / MEMBERS_AT_SCALE_1, asked.seed, MONTH_END.processing_date)


def left_wrong(connection: Connection, *, deleted: bool = True) -> Iterator[str]:
    """What is wrong with the tables, in sentences, by comparison with the rows of the beginning.

    `deleted` says that what was due must be gone; else all of it must be there.
    """
    if deleted:
        still = select(func.count()).select_from(bill).where(_due(bill.c))
        yield from _told(connection, "bills are due and still there", still)
    stays = not_(_due(_BEFORE.c)) if deleted else _BEFORE.c.bill_no > 0
    gone = (
        select(func.count())
        .select_from(_BEFORE.outerjoin(bill, bill.c.bill_no == _BEFORE.c.bill_no))
        .where(stays, bill.c.bill_no.is_(None))
    )
    yield from _told(connection, "bills that had to stay are lost", gone)
    same = and_(
        bill_line.c.bill_no == _LINES_BEFORE.c.bill_no,
        bill_line.c.line_no == _LINES_BEFORE.c.line_no,
        bill_line.c.amount == _LINES_BEFORE.c.amount,
        bill_line.c.returned == _LINES_BEFORE.c.returned,
    )
    # The copies have no keys: a join of one with the other would compare every row with every row.
    of_those = _LINES_BEFORE.c.bill_no.in_(select(_BEFORE.c.bill_no).where(stays))
    lines_gone = (
        select(func.count())
        .select_from(_LINES_BEFORE.outerjoin(bill_line, same))
        .where(of_those, bill_line.c.bill_no.is_(None))
    )
    yield from _told(connection, "lines that had to stay are lost or changed", lines_gone)
    orphans = (
        select(func.count())
        .select_from(bill_line.outerjoin(bill, bill.c.bill_no == bill_line.c.bill_no))
        .where(bill.c.bill_no.is_(None))
    )
    yield from _told(connection, "lines are there without their bill", orphans)
    found = (
        select(bill_line.c.bill_no, func.count().label("lines"))
        .group_by(bill_line.c.bill_no)
        .subquery("found")
    )
    whole = (
        select(func.count())
        .select_from(found.join(bill, bill.c.bill_no == found.c.bill_no))
        .where(found.c.lines == bill.c.line_count)
    )
    every = select(func.count()).select_from(bill)
    incomplete = select(every.scalar_subquery() - whole.scalar_subquery())
    yield from _told(connection, "bills have not all of their lines", incomplete)


def _due(c: Any) -> ColumnElement[bool]:
    """Which rows of 請求, or of its copy, are due, by its columns."""
    return and_(c.billed_date.between(*last_month(MONTH_END)), c.paid_date.is_not(None))


def _told(connection: Connection, what: str, counted: Select[int]) -> Iterator[str]:
    number = connection.scalars(counted).one()
    if number:
        yield f"{number:,} {what}"
