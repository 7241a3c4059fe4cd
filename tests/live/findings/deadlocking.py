"""Programs that deadlock on live servers, and the same programs as the advice has them."""

from __future__ import annotations

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, Table, text

from harness.engines import Isolation
from harness.interleave.cell import Cell
from harness.interleave.explore import explore
from harness.interleave.schedule import Schedule
from harness.interleave.search import Bounds
from harness.programs import Program
from harness.scenario import Scenario, Variant

METADATA = MetaData()
ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("balance", Integer, nullable=False),
)
ENTRY = Table(
    "entry",
    METADATA,
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("account", ForeignKey(ACCOUNT.c.id), nullable=False),
)


def load(connection: Connection) -> None:
    connection.execute(ACCOUNT.insert(), [{"id": n, "balance": 100} for n in (1, 2, 3)])


def script(*statements: str) -> Program:
    """A program that asks these statements and commits."""

    def run(connection: Connection) -> None:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()

    return Program("; ".join(statements), run)


def explored(
    database,
    *programs: Program,
    isolation: Isolation = Isolation.READ_COMMITTED,
    schedule: Schedule | None = None,
) -> Cell:
    """All interleavings that differ; a deadlock is looked for, not judged."""
    variant = Variant("current", "", {f"T{n}": p for n, p in enumerate(programs, start=1)})
    scenario = Scenario(
        "deadlock", "", "", METADATA, load, {"current": variant}, serial_equivalence=False
    )
    bounds = Bounds(reduction=True)
    return explore(database.target, scenario, variant, isolation, schedule=schedule, bounds=bounds)


def change(key: int) -> str:
    return f"update account set balance = balance + 1 where id = {key}"


def lock(key: int) -> str:
    return f"select balance from account where id = {key} for update"


def enter(number: int) -> str:
    return f"insert into entry (no, account) values ({number}, 1)"
