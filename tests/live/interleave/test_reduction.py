"""The reduced search must find what the full search finds: nothing less, on real servers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, text

from harness.engines import Isolation
from harness.interleave.explore import Bounds, explore
from harness.interleave.footprint import Footprint
from harness.programs import Program
from harness.scenario import Scenario, Variant

pytestmark = pytest.mark.integration

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
    def run(connection: Connection) -> object:
        seen: list[object] = []
        for statement in statements:
            if statement == "COMMIT":
                connection.commit()
                continue
            result = connection.execute(text(statement))
            seen.append(result.fetchall() if result.returns_rows else result.rowcount)
        connection.commit()
        return seen

    return run


def generated(seed: int) -> Scenario:
    chance = random.Random(seed)
    programs = {}
    for name in ("T1", "T2"):
        statements = chance.choices(STATEMENTS, k=chance.randint(1, 3))
        programs[name] = Program("; ".join(statements), program(statements))
    variant = Variant("generated", "made by chance", programs)
    return Scenario(
        name=f"seed {seed}",
        title="two programs made by chance",
        question="does the reduced search see all?",
        metadata=METADATA,
        load=load,
        variants={variant.name: variant},
    )


def found(database, scenario: Scenario, isolation: Isolation, *, reduction: bool):
    """Everything a search is for: verdict, outcomes, refusals, and how many it stands for."""
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


LEVELS = (Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE)


@pytest.mark.parametrize("isolation", LEVELS, ids=lambda level: level.slug)
@pytest.mark.parametrize("seed", range(8))
def test_reduced_search_finds_what_the_full_search_finds(database, isolation, seed):
    scenario = generated(seed)
    full = found(database, scenario, isolation, reduction=False)
    assert found(database, scenario, isolation, reduction=True) == full


def test_search_that_takes_conflicts_for_none_misses_outcomes(database, monkeypatch):
    """The check above has teeth: without conflicts one execution is left, and outcomes are lost."""
    monkeypatch.setattr(Footprint, "conflicts", lambda *_args, **_named: False)
    two_updates = ("SELECT pieces FROM stock WHERE item = 1", STATEMENTS[5])
    programs = {name: Program(name, program(two_updates)) for name in ("T1", "T2")}
    variant = Variant("generated", "twice the same", programs)
    scenario = Scenario("lost", "", "", METADATA, load, {"generated": variant})
    full = found(database, scenario, Isolation.READ_COMMITTED, reduction=False)
    assert found(database, scenario, Isolation.READ_COMMITTED, reduction=True) != full


def test_programs_that_share_nothing_need_one_execution(database):
    programs = {
        "T1": Program("one table", program([STATEMENTS[5], STATEMENTS[6]])),
        "T2": Program("another", program([STATEMENTS[8], STATEMENTS[11]])),
    }
    variant = Variant("generated", "two tables", programs)
    scenario = Scenario("apart", "", "", METADATA, load, {"generated": variant})
    cell = explore(
        database.target, scenario, variant, Isolation.READ_COMMITTED, bounds=Bounds(reduction=True)
    )
    assert (cell.executions, cell.possible) == (1, 20)
