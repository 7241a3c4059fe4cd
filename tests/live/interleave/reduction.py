"""Programs on two tables, and what a search finds with them, whole or reduced."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from live.interleave.statements import do
from sqlalchemy import Column, Connection, Integer, MetaData, Table

from harness.engines import Isolation
from harness.interleave.explore import Bounds, explore
from harness.programs import Program
from harness.scenario import Scenario, Variant

METADATA = MetaData()
STOCK = Table(
    "stock",
    METADATA,
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("pieces", Integer, nullable=False, index=True),
)
SHELF = Table(
    "shelf",
    METADATA,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("item", Integer, nullable=False),
)

STATEMENTS = (
    "SELECT pieces FROM stock WHERE item = 1",
    "SELECT pieces FROM stock WHERE item = 2 FOR UPDATE",
    "SELECT item FROM shelf WHERE place = 1 FOR UPDATE",
    "SELECT COUNT(*) FROM stock WHERE pieces > 5",
    "SELECT COUNT(*) FROM shelf",
    "UPDATE stock SET pieces = pieces + 1 WHERE item = 1",
    "UPDATE stock SET pieces = pieces + 2 WHERE item = 2",
    "UPDATE stock SET pieces = 9 WHERE pieces > 5",
    "UPDATE shelf SET item = item + 1 WHERE place = 2",
    "INSERT INTO shelf (place, item) VALUES (3, 7)",
    "INSERT INTO stock (item, pieces) VALUES (3, 6)",
    "DELETE FROM shelf WHERE place = 2",
    "COMMIT",
)


def load(connection: Connection) -> None:
    connection.execute(STOCK.insert(), [{"item": 1, "pieces": 4}, {"item": 2, "pieces": 8}])
    connection.execute(SHELF.insert(), [{"place": 1, "item": 1}, {"place": 2, "item": 2}])


def program(statements: Sequence[str]) -> Callable[[Connection], object]:
    return lambda connection: do(connection, *statements)


def scenario_of(
    name: str, metadata: MetaData, *programs: Callable[[Connection], object]
) -> Scenario:
    """Programs on the two tables, or on what the metadata makes beside them."""
    named = {f"T{n}": Program(f"T{n}", run) for n, run in enumerate(programs, start=1)}
    variant = Variant("generated", name, named)
    return Scenario(name, name, "?", metadata, load, {variant.name: variant})


def generated(seed: int) -> Scenario:
    """Two programs made by chance."""
    chance = random.Random(seed)
    chosen = [chance.choices(STATEMENTS, k=chance.randint(1, 3)) for _ in range(2)]
    return scenario_of(f"seed {seed}", METADATA, *map(program, chosen))


def three_generated(seed: int) -> Scenario:
    """Three small programs made by chance: at most 210 orders of their steps."""
    chance = random.Random(f"three {seed}")
    chosen = [chance.choices(STATEMENTS[:-1], k=k) for k in chance.sample([1, 1, 2], 3)]
    return scenario_of(f"three, seed {seed}", METADATA, *map(program, chosen))


def found(database, scenario: Scenario, isolation: Isolation, *, reduction: bool):
    """Everything that a search is for: verdict, outcomes, refusals, and how many it stands for."""
    cell = explore(
        database.target,
        scenario,
        scenario.variants["generated"],
        isolation,
        bounds=Bounds(reduction=reduction),
    )
    return {
        "verdict": cell.verdict,
        "unknown": cell.unknown,
        "outcomes": cell.outcomes,
        "refusals": set(cell.aborts),
        "possible": cell.possible,
        "broken": cell.possible_anomalies,
        "waits": cell.possible_waits,
        "deadlocks": cell.possible_deadlocks,
    }
