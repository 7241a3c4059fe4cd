"""The plainest load: each transaction writes two rows and counts itself.

Two rows in two statements, so that a transaction that is there in part can be told; a counter that
is updated, so that a change applied twice or not at all can be told as well. Every tenth
transaction is refused by its key after its rows were written, and every thirteenth gives up by
itself: neither may ever be there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    Column,
    Connection,
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

from harness.checks.durability import Ticket
from harness.recovery.digits import digit_table, fill_digits, numbers
from harness.recovery.load import Load, whole_units

PARTS = 2
_DIGITS = 5
_BULK_ROWS = 10**_DIGITS
WRITERS_MAX = 32

metadata = MetaData()

entry = Table(
    "drill_entry",
    metadata,
    Column("writer", String(20), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("note", String(80), nullable=False),
)
total = Table(
    "drill_total",
    metadata,
    Column("writer", String(20), primary_key=True),
    Column("entries", Integer, nullable=False),
)
bulk = Table(
    "drill_bulk",
    metadata,
    Column("writer", String(20), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("row_no", Integer, primary_key=True, autoincrement=False),
)
digit = digit_table("drill_digit", metadata)


class GaveUpError(Exception):
    """The program changed its mind, and rolled back."""


def fill(connection: Connection) -> None:
    """One counter for each writer, and the digits from which many rows are made."""
    writers = [{"writer": f"w{number}", "entries": 0} for number in range(WRITERS_MAX + 1)]
    connection.execute(insert(total), writers)
    fill_digits(connection, digit)
    connection.commit()


def enter(connection: Connection, ticket: Ticket) -> None:
    """Write two rows, count them, commit.

    Raises:
        sqlalchemy.exc.IntegrityError: every tenth; the caller rolls back.
        GaveUpError: every thirteenth; rolled back.
    """
    row = {"writer": ticket.writer, "number": ticket.number}
    for part in range(1, PARTS + 1):
        connection.execute(insert(entry).values(**row, part=part, note=f"part {part} of {ticket}"))
    connection.execute(
        update(total).where(total.c.writer == ticket.writer).values(entries=total.c.entries + 1)
    )
    if ticket.number % 10 == 0:
        connection.execute(insert(entry).values(**row, part=PARTS, note="there already"))
    if ticket.number % 13 == 0:
        connection.rollback()
        raise GaveUpError(str(ticket))
    connection.commit()


def enter_many(connection: Connection, ticket: Ticket) -> None:
    """Write many rows in one statement, commit."""
    row_no, places = numbers(digit, _DIGITS)
    rows = select(literal(ticket.writer), literal(ticket.number), row_no).select_from(places)
    connection.execute(insert(bulk).from_select(["writer", "number", "row_no"], rows))
    connection.commit()


def held(connection: Connection) -> Mapping[Ticket, bool]:
    """The transactions that left rows, and whether all of them are there."""
    found = {
        **whole_units(connection, entry, PARTS),
        **whole_units(connection, bulk, _BULK_ROWS),
    }
    connection.rollback()
    return found


def broken(connection: Connection) -> Sequence[str]:
    """Counters that differ from what is there."""
    there = (
        select(func.count()).where(entry.c.writer == total.c.writer, entry.c.part == 1)
    ).scalar_subquery()
    rows = connection.execute(select(total.c.writer, total.c.entries, there))
    said = [
        f"writer {writer} counted {counted} transactions, and {rows_there} are there"
        for writer, counted, rows_there in rows
        if counted != rows_there
    ]
    connection.rollback()
    return said


ENTRIES = Load(
    name="entries",
    title="two rows and a counter",
    metadata=metadata,
    fill=fill,
    transaction=enter,
    held=held,
    broken=broken,
    long_transaction=enter_many,
    refusals=(GaveUpError,),
)


def entries() -> Sequence[Load]:
    """This load, as the entry point has it."""
    return (ENTRIES,)
