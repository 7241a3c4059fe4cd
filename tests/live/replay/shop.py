"""Programs to replay that break in known ways, in a module, for they travel to other processes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select, text, update

from harness.replay.day import Job, OnlineProgram

metadata = MetaData()
stock = Table(
    "stock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    mysql_engine="InnoDB",
    mariadb_engine="InnoDB",
)

ITEMS = 40


class SoldOutError(LookupError):
    """Belongs to the contract."""


def load(connection: Connection) -> None:
    """Forty items."""
    metadata.create_all(connection)
    connection.execute(insert(stock), [{"id": n, "n": 0} for n in range(1, ITEMS + 1)])
    connection.commit()


def add_one(connection: Connection, request: int) -> None:
    """Add one to an item."""
    connection.execute(update(stock).where(stock.c.id == request).values(n=stock.c.n + 1))
    connection.commit()


def new_item(connection: Connection, request: int) -> None:
    """Add an item; refused if it is there."""
    connection.execute(insert(stock).values(id=request, n=0))
    connection.commit()


def look(connection: Connection, request: int) -> int:
    """Read, and leave the transaction open, as careless programs do."""
    found = connection.scalar(select(stock.c.n).where(stock.c.id == request))
    if found is None:
        raise SoldOutError(request)
    return int(found)


def crosswise(connection: Connection, request: tuple[int, int]) -> None:
    """Update two items in the order given: two of these in opposite orders deadlock."""
    for number in request:
        connection.execute(update(stock).where(stock.c.id == number).values(n=stock.c.n + 1))
    connection.commit()


def broken(connection: Connection, request: int) -> None:
    """Fail in a way that nobody has foreseen."""
    raise ZeroDivisionError(request)


def syntax(connection: Connection, request: int) -> None:
    """Say what the server does not understand: no refusal, a bug of the program."""
    connection.execute(text("selekt 1"))


def hold(connection: Connection, number: int, seconds: float) -> None:
    """Keep an item locked for a while: the server sleeps, in its own way."""
    connection.execute(update(stock).where(stock.c.id == number).values(n=stock.c.n + 100))
    sleep = "pg_sleep" if connection.dialect.name == "postgresql" else "sleep"
    connection.execute(text(f"select {sleep}({seconds})"))
    connection.commit()


_ALL = (add_one, new_item, look, crosswise, broken, syntax)
PROGRAMS: Mapping[str, OnlineProgram] = {
    run.__name__: OnlineProgram(run.__name__, run.__name__, run, 100, (SoldOutError,))
    for run in _ALL
}


def holding(number: int, seconds: float) -> Job:
    """A job that keeps an item locked."""
    return Job("hold", "hold", partial(hold, number=number, seconds=seconds))


def adding(number: int) -> Job:
    """A job that adds one."""
    return Job("add_one", "add_one", partial(add_one, request=number))


def breaking() -> Job:
    """A job that fails."""
    return Job("broken", "broken", partial(broken, request=1))
