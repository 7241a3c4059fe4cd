"""A program runs at the level it chooses: for itself in its code, or said beside it."""

import random

import pytest
from live.interleave.reduction import METADATA, STATEMENTS, found, load
from live.interleave.reduction import program as made
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import explore as explore_cell
from harness.interleave.search import Bounds
from harness.programs import Program
from harness.scenario import Scenario, Variant, scenario_of
from harness.sessions.step import StepKind
from harness.taking import ISOLATIONS
from harness.testing import program

pytestmark = pytest.mark.integration

LEVEL = {
    "mysql": "SELECT @@transaction_isolation",
    "mariadb": "SELECT @@tx_isolation",
    "postgresql": "SHOW transaction_isolation",
}


def setup(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE item (id INTEGER PRIMARY KEY, pieces INTEGER NOT NULL)"))
    connection.execute(text("INSERT INTO item VALUES (1, 10)"))


def level(kind, ask):
    """The level by the server's word, in one spelling."""
    return ask(text(LEVEL[kind])).scalar_one().lower().replace("-", " ")


def ways(kind):
    """The same question, asked at the level that each chooses in its own way."""

    def by_the_option(connection: Connection):
        return level(kind, connection.execute)

    def on_the_connection(connection: Connection):
        chosen = connection.execution_options(isolation_level="SERIALIZABLE")
        return level(kind, chosen.execute)

    def in_the_session(session: Session):
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        return level(kind, session.execute)

    def on_the_engine(engine: Engine):
        with engine.execution_options(isolation_level="SERIALIZABLE").connect() as connection:
            return level(kind, connection.execute)

    return [
        program(by_the_option, isolation="serializable"),
        program(on_the_connection),
        program(in_the_session),
        program(on_the_engine),
    ]


@pytest.mark.parametrize("way", range(4), ids=["option", "connection", "session", "engine"])
def test_the_server_says_the_level_and_the_other_program_has_its_own(explore, live_engine, way):
    def other(connection: Connection):
        return level(live_engine, connection.execute)

    explored = explore(ways(live_engine)[way], other, setup=setup)
    assert explored.holds
    ends = explored.cell.latest.ends
    assert ends["T1"].value == "serializable"
    assert ends["T2"].value == "read committed"  # each time: nothing is left of the choice


def test_the_level_is_given_up_with_the_session_that_chose_it(explore, live_engine):
    def twice(engine: Engine):
        with Session(engine) as session:
            session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
            first = level(live_engine, session.execute)
            session.commit()
            return first, level(live_engine, session.execute)

    explored = explore(twice, twice, setup=setup)
    assert explored.holds
    assert explored.cell.latest.ends["T1"].value == ("serializable", "read committed")


# -- autocommit


def add_twice(connection: Connection) -> None:
    for _ in range(2):
        connection.execute(text("UPDATE item SET pieces = pieces + 1 WHERE id = 1"))
    connection.commit()


def look_twice(connection: Connection) -> list[int]:
    return [connection.scalar(text("SELECT pieces FROM item WHERE id = 1")) for _ in range(2)]


def cell(database, programs, *, reduction, invariants=()):
    scenario = scenario_of(programs, setup, invariants)
    return explore_cell(
        database.target,
        scenario,
        scenario.variants["current"],
        Isolation.READ_COMMITTED,
        bounds=Bounds(reduction=reduction),
    )


@pytest.mark.parametrize("reduction", [False, True], ids=["full", "reduced"])
def test_in_autocommit_each_statement_is_seen_at_once_and_no_commit_is_a_step(database, reduction):
    programs = {
        "T1": program(add_twice, isolation="autocommit"),
        "T2": program(look_twice),
    }
    explored = cell(database, programs, reduction=reduction)
    assert explored.verdict is Verdict.VIOLATED
    own = [turn.step.kind for turn in explored.latest.turns if turn.session == "T1"]
    assert own == [StepKind.STATEMENT, StepKind.STATEMENT]
    # 2 steps beside 3: two looks, and the rollback of their transaction
    assert explored.possible == 10
    assert explored.outcomes == 6
    kept_together = {"T1": program(add_twice), "T2": program(look_twice)}
    # In one transaction the middle is never seen: 10, 10 or 10, 12 or 12, 12.
    assert cell(database, kept_together, reduction=reduction).outcomes == 3


def test_an_invariant_looks_after_each_statement_in_autocommit(explore):
    def is_even(connection: Connection) -> str | None:
        pieces = connection.scalar(text("SELECT pieces FROM item WHERE id = 1"))
        return None if pieces % 2 == 0 else f"{pieces} pieces"

    alone = program(add_twice, isolation="autocommit")
    assert explore(alone, look_at_nothing, setup=setup, invariants=[is_even]).violated
    assert explore(add_twice, look_at_nothing, setup=setup, invariants=[is_even]).holds


def look_at_nothing(connection: Connection) -> None:
    return None


# -- mixed levels: the reduced search finds what the full search finds

LEVELS = ("autocommit", "read-committed", "repeatable-read", "serializable")


def scenario(seed: int) -> Scenario:
    chance = random.Random(f"levels {seed}")
    programs = {}
    for name in ("T1", "T2"):
        statements = chance.choices(STATEMENTS, k=chance.randint(1, 3))
        chosen = chance.choice(LEVELS)
        title = f"{'; '.join(statements)} ({chosen})"
        programs[name] = Program(title, made(statements), isolation=ISOLATIONS[chosen])
    variant = Variant("generated", "made by chance, at levels by chance", programs)
    return Scenario(f"levels {seed}", "two programs", "", METADATA, load, {"generated": variant})


@pytest.mark.parametrize("seed", range(10))
def test_reduced_search_finds_the_same_at_mixed_levels(database, seed):
    both = [
        found(database, scenario(seed), Isolation.READ_COMMITTED, reduction=reduction)
        for reduction in (False, True)
    ]
    titles = [p.title for p in scenario(seed).variants["generated"].programs.values()]
    assert both[0] == both[1], titles


def test_a_level_that_is_chosen_in_sql_reduces_nothing(database):
    def choose_and_look(connection: Connection):
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        return look_twice(connection)

    programs = {"T1": program(choose_and_look), "T2": program(add_twice)}
    full = cell(database, programs, reduction=False)
    reduced = cell(database, programs, reduction=True)
    assert (reduced.verdict, reduced.outcomes) == (full.verdict, full.outcomes)
    assert reduced.possible == full.possible == full.executions
