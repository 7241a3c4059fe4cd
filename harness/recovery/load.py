"""A load: transactions that run while the server is killed, and leave their tickets in the tables.

Packages bring loads by an entry point in the group `harness.drills` that names a function returning
them. The transactions are the package's own programs: a function over a SQLAlchemy `Connection`
that ends its own transaction, and knows nothing of kills.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData, Table, func, select

from harness.checks.durability import Ticket
from harness.scenario import brought_in

GROUP = "harness.drills"

Transaction = Callable[[Connection, Ticket], None]


@dataclass(frozen=True)
class Load:
    """What `harness drill crash --load NAME` runs while the server is killed."""

    name: str
    title: str
    metadata: MetaData
    fill: Callable[[Connection], None]
    """Make the rows that the transactions need, and commit."""
    transaction: Transaction
    """One transaction, with one commit at its end. Its ticket can be told from its rows."""
    held: Callable[[Connection], Mapping[Ticket, bool]]
    """Which transactions left rows, and whether all of its rows are there."""
    broken: Callable[[Connection], Sequence[str]] = lambda _connection: ()
    """What else is wrong with the tables, in sentences."""
    long_transaction: Transaction | None = None
    """The same with one statement that writes many rows, so that a kill can meet it at work."""
    refusals: tuple[type[Exception], ...] = ()
    """What a program raises when it has given up by itself and rolled back."""


def whole_units(connection: Connection, table: Table, rows: int) -> dict[Ticket, bool]:
    """The tickets in a table, by its columns writer and number; whether each left so many rows."""
    key = (table.c.writer, table.c.number)
    counted = connection.execute(select(*key, func.count()).group_by(*key))
    return {Ticket(writer, number): there == rows for writer, number, there in counted}


def loads() -> Mapping[str, Load]:
    """All loads that installed packages bring, by name.

    Raises:
        HarnessError: a package's loads do not import.
    """
    return {load.name: load for brought in brought_in(GROUP) for load in brought()}
