"""How much disk the tables take, and whether new bills reuse what deleted ones have freed."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Final

from sqlalchemy import Connection, func, insert, literal, select

from harness.clock import pause
from harness.engines.replacing import Space
from harness.measure.original import original_of
from harness.servers.asking import connect, execute
from schema.billing import bill, bill_line
from workloads.billing.batch.bulk_deletion import last_month
from workloads.billing.measurements.metered import engine_of
from workloads.billing.measurements.month import MONTH_END

_NAMES: Final = (bill.name, bill_line.name)
_NEXT_DAY: Final = date(2024, 11, 7)
_TIDYING_S: Final = 3.0
"""What a server removes deleted rows in by itself; nobody can be asked whether it is done."""


def space(connection: Connection) -> Space:
    """What both tables take now, by fresh statistics."""
    engine = engine_of(connection)
    how = engine.replacing
    with contextlib.closing(connect(engine, connection.engine.url)) as other:
        execute(other, [*how.fresh, *how.statistics(_NAMES)])
        of_bills, of_lines = (how.space(other, name) for name in _NAMES)
    return of_bills.with_(of_lines)


def tidy_up(connection: Connection) -> None:
    """Let the server remove what is deleted, as it does by itself in a while."""
    engine = engine_of(connection)
    with contextlib.closing(connect(engine, connection.engine.url)) as other:
        execute(other, engine.measuring.settle(_NAMES))
    pause(_TIDYING_S)


def bill_next_month(connection: Connection) -> int:
    """Add as many bills as last month had, in the same way: how many they are."""
    before, lines = original_of(bill), original_of(bill_line)
    of_last_month = before.c.billed_date.between(*last_month(MONTH_END))
    connection.execute(
        insert(bill).from_select(
            ["member_no", "billed_date", "line_count"],
            select(before.c.member_no, literal(_NEXT_DAY), before.c.line_count)
            .where(of_last_month)
            .order_by(before.c.bill_no),
        )
    )
    connection.execute(
        insert(bill_line).from_select(
            ["bill_no", "line_no", "product_no", "quantity", "amount", "returned"],
            select(
                bill.c.bill_no,
                lines.c.line_no,
                lines.c.product_no,
                lines.c.quantity,
                lines.c.amount,
                literal("N"),
            )
            # Last month's bills have the numbers of their members, as they are generated, and the
            # copies have no keys to be joined by.
            .select_from(lines.join(bill, bill.c.member_no == lines.c.bill_no))
            .where(bill.c.billed_date == _NEXT_DAY)
            .order_by(bill.c.bill_no, lines.c.line_no),
        )
    )
    connection.commit()
    new = select(func.count()).select_from(bill).where(bill.c.billed_date == _NEXT_DAY)
    return connection.scalars(new).one()
