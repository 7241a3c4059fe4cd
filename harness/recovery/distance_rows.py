"""The rows of a measured recovery: units of many rows, one-row commits, an updated stock.

Every transaction leaves its ticket, so that each can be told after a kill: there whole, in part, or
not at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    literal,
    select,
    update,
)

from harness.checks.durability import Ticket
from harness.recovery.digits import digit_table, fill_digits, numbers
from harness.recovery.load import Load, whole_units

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
digit = digit_table("recovery_digit", metadata)


def fill(connection: Connection) -> None:
    """The digits from which many rows are made."""
    fill_digits(connection, digit)
    connection.commit()


def fill_stock(connection: Connection) -> None:
    """The rows that steady transactions change."""
    number, places = numbers(digit, 5)
    rows = select(number, literal(0), literal(_NOTE)).select_from(places)
    connection.execute(insert(stock).from_select(["stock_no", "changed", "note"], rows))
    connection.commit()


def add_rows(connection: Connection, ticket: Ticket) -> None:
    """Write the rows of one unit, without a commit."""
    number, places = numbers(digit, 3)
    rows = select(literal(ticket.writer), literal(ticket.number), number, literal(_NOTE))
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
    found = whole_units(connection, row, UNIT_ROWS)
    for writer, number in connection.execute(select(mark.c.writer, mark.c.number)):
        found[Ticket(writer, number)] = True
    connection.rollback()
    return found


DISTANCE = Load("distance", "rows by the unit", metadata, fill, write_unit, held)
"""Writes its units; `write_mark` is what goes on beside them."""
