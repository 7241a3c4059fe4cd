"""A bank on a live server: three accounts of 100, and the programs that are run on them.

`executions` searches without leaving anything out, and on the accounts alone, so that a test can
count what the conductor did; `explore` is what a user calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, update_wrapper
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session, registry

from harness.engines import Isolation
from harness.interleave.cell import Cell
from harness.interleave.conductor import Conductor
from harness.interleave.execution import Execution
from harness.interleave.exhaustive import Exhaustive
from harness.interleave.explore import Bounds, explore
from harness.interleave.limits import Limits
from harness.interleave.schedule import Schedule
from harness.interleave.scheduler import Recorded, Rest
from harness.programs import Program
from harness.scenario import Scenario, Variant

READ_COMMITTED = Isolation.READ_COMMITTED
REPEATABLE_READ = Isolation.REPEATABLE_READ
SERIALIZABLE = Isolation.SERIALIZABLE

metadata = MetaData()
account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("balance", Integer, nullable=False),
)
entry = Table(
    "entry",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=True),
    Column("account", ForeignKey(account.c.id), nullable=False),
    Column("amount", Integer, nullable=False),
)
note = Table(
    "note",
    metadata,
    Column("entry", ForeignKey(entry.c.no), primary_key=True),
    Column("text", String(20), nullable=False),
    Column("written_at", DateTime, server_default=func.now(), info={"filled_by": "clock"}),
)
ticket = Table(
    "ticket",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("bearer", Integer, nullable=False),
)


class Account:
    """A row of the table, for programs that use the ORM."""

    id: int
    balance: int


registry(metadata=metadata).map_imperatively(Account, account)


def load(connection: Connection) -> None:
    connection.execute(insert(account), [{"id": n, "balance": 100} for n in (1, 2, 3)])


# -- programs


def balance_of(connection: Connection, key: int) -> int:
    return connection.execute(select(account.c.balance).where(account.c.id == key)).scalar_one()


def set_balance(connection: Connection, key: int, balance: int) -> None:
    connection.execute(update(account).where(account.c.id == key).values(balance=balance))


def withdraw(connection: Connection, amount: int, key: int = 1) -> int:
    """Read, compute, write: the update of the other may be lost."""
    left = balance_of(connection, key) - amount
    set_balance(connection, key, left)
    connection.commit()
    return left


def withdraw_locking(connection: Connection, amount: int, key: int = 1) -> int:
    row = select(account.c.balance).where(account.c.id == key).with_for_update()
    left = connection.execute(row).scalar_one() - amount
    set_balance(connection, key, left)
    connection.commit()
    return left


def withdraw_at_once(connection: Connection, amount: int, key: int = 1) -> None:
    connection.execute(
        update(account).where(account.c.id == key).values(balance=account.c.balance - amount)
    )
    connection.commit()


def withdraw_as_text(connection: Connection, amount: int) -> int:
    left = connection.execute(text("select balance from account where id = 1")).scalar_one()
    left -= amount
    connection.execute(text("update account set balance = :b where id = 1"), {"b": left})
    connection.commit()
    return left


def withdraw_by_orm(connection: Connection, amount: int) -> int:
    with Session(bind=connection) as session:
        row = session.get_one(Account, 1)
        row.balance -= amount
        left = row.balance
        session.commit()
        return left


def transfer(connection: Connection, source: int, target: int, amount: int) -> None:
    """Two rows, in the order in which they are named: two of them may deadlock."""
    for key, more in ((source, -amount), (target, amount)):
        connection.execute(
            update(account).where(account.c.id == key).values(balance=account.c.balance + more)
        )
    connection.commit()


def withdraw_from_both(connection: Connection, key: int) -> bool:
    """Take 150 from one account if both together have them: two of them may overdraw."""
    total = select(func.sum(account.c.balance)).where(account.c.id.in_([1, 2]))
    if connection.execute(total).scalar_one() < 150:
        connection.rollback()
        return False
    connection.execute(
        update(account).where(account.c.id == key).values(balance=account.c.balance - 150)
    )
    connection.commit()
    return True


def enter(connection: Connection, amount: int) -> None:
    """A new entry with a note: its number is the engine's, its time the clock's."""
    new = insert(entry).values(account=1, amount=amount)
    number = connection.execute(new).inserted_primary_key[0]
    connection.execute(insert(note).values(entry=number, text=f"of {amount}"))
    connection.commit()


# -- running them

Function = Callable[[Connection], object]


def of(function: Callable[..., object], *arguments: Any, **named: Any) -> Function:
    """A program with its arguments bound, which keeps its name."""
    bound = partial(function, **named) if named else function
    return update_wrapper(lambda connection: bound(connection, *arguments), function)


def named(programs: Sequence[Function | Program]) -> dict[str, Program]:
    return {
        f"T{n}": p if isinstance(p, Program) else Program(getattr(p, "__name__", "program"), p)
        for n, p in enumerate(programs, start=1)
    }


class First:
    """Takes the given turns first, then always the first session that can move."""

    def __init__(self, turns: str) -> None:
        self.turns = turns.split()

    def new_execution(self) -> bool:
        return False

    def next_turn(self, rest: Rest) -> str:
        return self.turns.pop(0) if self.turns else rest.movable[0]

    def end_execution(self, rest: Rest) -> None:
        assert not self.turns, f"the programs ended before {self.turns}"


class Bank:
    """The accounts in one empty database."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self.kind = database.target.engine

    def make_tables(self) -> None:
        with self.database.engine.begin() as connection:
            metadata.create_all(connection)
            load(connection)

    def drop_tables(self) -> None:
        metadata.drop_all(self.database.engine)

    def balances(self) -> dict[int, int]:
        with self.database.engine.connect() as connection:
            return dict(connection.execute(select(account.c.id, account.c.balance)).all())

    def reset_balances(self) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(update(account).values(balance=100))

    @contextmanager
    def conductor(
        self,
        *programs: Function | Program,
        isolation: Isolation = READ_COMMITTED,
        limits: Limits | None = None,
        **more: Any,
    ) -> Iterator[Conductor]:
        with Conductor(
            self.kind, self.database.url, isolation, named(programs), limits=limits, **more
        ) as conductor:
            yield conductor

    def executions(
        self,
        *programs: Function | Program,
        isolation: Isolation = READ_COMMITTED,
        limits: Limits | None = None,
    ) -> Iterator[tuple[Execution, dict[int, int]]]:
        """Every execution with the balances it left."""
        search = Exhaustive(limit=2_000)
        with self.conductor(*programs, isolation=isolation, limits=limits) as conductor:
            while search.new_execution():
                self.reset_balances()
                yield conductor.conduct(search), self.balances()
        assert search.complete

    def conduct(
        self,
        schedule: str,
        *programs: Function | Program,
        isolation: Isolation = READ_COMMITTED,
        limits: Limits | None = None,
        recorded: bool = True,
    ) -> Execution:
        """One execution, looked at closely. Not `recorded`: the turns are only how it begins."""
        scheduler = Recorded(Schedule.parse(schedule)) if recorded else First(schedule)
        with self.conductor(*programs, isolation=isolation, limits=limits) as conductor:
            return conductor.conduct(scheduler, look_closely=True)

    def explore(
        self,
        *programs: Function | Program,
        isolation: Isolation = READ_COMMITTED,
        limits: Limits | None = None,
        bounds: Bounds | None = None,
        schedule: str | Schedule | None = None,
        watch: Callable[[Cell, float], None] | None = None,
        **scenario: Any,
    ) -> Cell:
        variant = Variant("current", "as they are", named(programs))
        return explore(
            self.database.target,
            Scenario(
                **{
                    "name": "bank",
                    "title": "the bank",
                    "question": "is it right?",
                    "metadata": metadata,
                    "load": load,
                    "variants": {"current": variant},
                    **scenario,
                }
            ),
            variant,
            isolation,
            schedule=Schedule.parse(schedule) if isinstance(schedule, str) else schedule,
            bounds=bounds or Bounds(limits=limits or Limits()),
            watch=watch,
        )
