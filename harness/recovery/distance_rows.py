"""The rows of a measured recovery: units of many rows, one-row commits, an updated stock.

Every transaction leaves its ticket, so that each can be told after a kill: there whole, in part, or
not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from sqlalchemy import (
    Column,
    Connection,
    FromClause,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from harness.checks.durability import Ticket
from harness.recovery.load import Load

UNIT_ROWS = 1000
"""Rows of one commit."""
STOCK_ROWS = 100_000
_CHANGED = 100
"""Rows of the stock that one steady transaction changes."""
_NOTE = "x" * 160
_STEP = 7919  # a prime: one transaction's rows lie on pages far from each other

metadata = MetaData()

row = Table(
    "recovery_row",
    metadata,
    Column("writer", String(20), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("row_no", Integer, primary_key=True, autoincrement=False),
    Column("note", String(200), nullable=False),
)
mark = Table(
    "recovery_mark",
    metadata,
    Column("writer", String(20), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
)
stock = Table(
    "recovery_stock",
    metadata,
    Column("stock_no", Integer, primary_key=True, autoincrement=False),
    Column("changed", Integer, nullable=False),
    Column("note", String(200), nullable=False),
)
digit = Table(
    "recovery_digit", metadata, Column("d", Integer, primary_key=True, autoincrement=False)
)


def fill(connection: Connection) -> None:
    """The digits from which many rows are made."""
    connection.execute(insert(digit), [{"d": number} for number in range(10)])
    connection.commit()


def fill_stock(connection: Connection) -> None:
    """The rows that steady transactions change."""
    numbers, places = _numbers(5)
    rows = select(numbers, literal(0), literal(_NOTE)).select_from(places)
    connection.execute(insert(stock).from_select(["stock_no", "changed", "note"], rows))
    connection.commit()


def add_rows(connection: Connection, ticket: Ticket) -> None:
    """Write the rows of one unit, without a commit."""
    numbers, places = _numbers(3)
    rows = select(literal(ticket.writer), literal(ticket.number), numbers, literal(_NOTE))
    into = ["writer", "number", "row_no", "note"]
    connection.execute(insert(row).from_select(into, rows.select_from(places)))


def write_unit(connection: Connection, ticket: Ticket) -> None:
    """Write the rows of one unit, commit."""
    add_rows(connection, ticket)
    connection.commit()


def write_mark(connection: Connection, ticket: Ticket) -> None:
    """Write one row, commit."""
    connection.execute(insert(mark).values(writer=ticket.writer, number=ticket.number))
    connection.commit()


def change_stock(connection: Connection, ticket: Ticket) -> None:
    """Change rows that lie far from each other, write one row, commit.

    Each writer has rows of its own: a wait for a lock would measure something else.
    """
    share, shares = int(ticket.writer[1:]) - 1, 2
    first = ticket.number * _CHANGED
    chosen = [
        (first + place) * _STEP % (STOCK_ROWS // shares) * shares + share
        for place in range(_CHANGED)
    ]
    connection.execute(
        update(stock)
        .where(stock.c.stock_no.in_(sorted(chosen)))
        .values(changed=ticket.number, note=f"{ticket.number:010}{_NOTE}")
    )
    write_mark(connection, ticket)


def held(connection: Connection) -> Mapping[Ticket, bool]:
    """The transactions that left rows, and whether all of them are there."""
    found = {}
    count = select(row.c.writer, row.c.number, func.count()).group_by(row.c.writer, row.c.number)
    for writer, number, there in connection.execute(count):
        found[Ticket(writer, number)] = there == UNIT_ROWS
    for writer, number in connection.execute(select(mark.c.writer, mark.c.number)):
        found[Ticket(writer, number)] = True
    connection.rollback()
    return found


def _numbers(digits: int) -> tuple[ColumnElement[int], FromClause]:
    """Numbers of so many digits as a column, and the tables from which they come."""
    places = [digit.alias(f"d{power}") for power in range(digits)]
    number = sum((p.c.d * 10**power for power, p in enumerate(places)), literal(0))

    def joined(left: FromClause, right: FromClause) -> FromClause:
        # True of all rows; it compares two tables, so that the product is seen to be meant.
        return left.join(right, right.c.d >= -places[0].c.d)

    return number, reduce(joined, places[1:], places[0])


DISTANCE = Load("distance", "rows by the unit", metadata, fill, write_unit, held)
"""Writes its units; `write_mark` is what goes on beside them."""
