"""Whatever a program is given leads to the same connection, held at the same steps."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from harness.engines import Isolation
from harness.interleave.explore import explore as explore_cell
from harness.interleave.limits import Limits
from harness.interleave.search import Bounds
from harness.interleave.stress import Stress
from harness.scenario import scenario_of
from harness.sessions.session import session_of_this_thread
from harness.sessions.step import StepKind
from harness.testing import program

pytestmark = pytest.mark.integration

QUICK = Bounds(limits=Limits(step_s=5, steps=60))


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pieces: Mapped[int]


def setup(connection):
    Base.metadata.create_all(connection)
    with Session(connection) as session:
        session.add_all([Item(id=1, pieces=10), Item(id=2, pieces=20)])
        session.commit()


def work(session):
    """A unit of work with autobegin, flush, savepoint, rollback and a second transaction."""
    first = session.get_one(Item, 1)
    first.pieces -= 1
    session.flush()
    nested = session.begin_nested()
    session.add(Item(id=3, pieces=30))
    session.flush()
    nested.rollback()
    session.commit()
    session.get_one(Item, 2).pieces += 1
    session.flush()
    session.rollback()
    return session.get_one(Item, 2).pieces


def over_a_connection(connection: Connection):
    with Session(connection) as session:
        return work(session)


def over_a_session(session: Session):
    return work(session)


def over_an_engine(engine: Engine):
    with Session(engine) as session:
        return work(session)


def over_a_sessionmaker(new_session: sessionmaker[Session]):
    with new_session() as session:
        return work(session)


def steps_of(database, one):
    """The steps of one program, run in front of another that does nothing."""
    scenario = scenario_of({"T1": program(one), "T2": program(nothing)}, setup)
    cell = explore_cell(
        database.target,
        scenario,
        scenario.variants["current"],
        Isolation.READ_COMMITTED,
        bounds=QUICK,
    )
    assert cell.unknown == []
    return [(turn.step.kind, turn.step.readable()) for turn in cell.latest.turns]


def nothing(connection: Connection):
    return None


def test_all_ways_are_held_at_the_same_steps(database):
    known = steps_of(database, over_a_connection)
    assert [kind for kind, _ in known] == [
        StepKind.STATEMENT,  # select
        StepKind.STATEMENT,  # update
        StepKind.SAVEPOINT,
        StepKind.STATEMENT,  # insert
        StepKind.ROLLBACK_TO,
        StepKind.COMMIT,
        StepKind.STATEMENT,
        StepKind.STATEMENT,
        StepKind.ROLLBACK,
        StepKind.STATEMENT,
        StepKind.ROLLBACK,  # the session is closed amid a transaction
    ]
    for one in (over_a_session, over_an_engine, over_a_sessionmaker):
        assert steps_of(database, one) == known


# -- two at once


def sell(session: Session):
    item = session.get_one(Item, 1)
    item.pieces -= 1
    session.commit()


def sell_locking(session: Session):
    session.get_one(Item, 1, with_for_update=True).pieces -= 1
    session.commit()


def sell_over_an_engine(engine: Engine):
    with Session(engine) as session, session.begin():
        session.get_one(Item, 1).pieces -= 1


def test_programs_that_take_different_things_meet(explore):
    found = explore(sell, sell_over_an_engine, setup=setup)
    assert found.violated
    assert "item.pieces would be 8, and is 9" in str(found)
    assert explore(sell_locking, sell_locking, setup=setup).holds


def test_a_way_that_is_said_needs_no_annotation(explore):
    def unsaid(given):
        with given.begin() as connection:
            connection.execute(text("UPDATE item SET pieces = pieces - 1 WHERE id = 1"))

    one = program(unsaid, takes="engine")
    assert explore(one, one, setup=setup).holds


def test_they_run_freely_too(explore):
    bounds = Bounds(stress=Stress(rounds=20))
    found = explore(sell_locking, sell_over_an_engine, setup=setup, bounds=bounds)
    assert found.violated  # by the search: the second reads without a lock
    found = explore(sell_locking, sell_locking, setup=setup, bounds=bounds)
    assert found.holds
    assert found.cell.rounds == 20


def test_a_refused_session_is_begun_anew(explore):
    """Each attempt gets a session of its own; repeatable read refuses, or MySQL overwrites."""
    bounds = Bounds(limits=Limits(attempts=3))
    found = explore(
        sell_locking, sell_locking, setup=setup, bounds=bounds, isolation="serializable"
    )
    assert found.holds


# -- what cannot be held


def two_at_once(engine: Engine):
    with engine.connect() as one, engine.connect() as other:
        one.execute(text("SELECT 1"))
        other.execute(text("SELECT 1"))


def leave_open(engine: Engine):
    session = Session(engine)
    session.get_one(Item, 1).pieces -= 1
    session.flush()
    LEFT.append(session)


LEFT: list[Session] = []


def ask_on_a_thread(engine: Engine):
    def ask():
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception as error:  # noqa: BLE001 - looked at by the thread that started it
            failed.append(error)

    failed: list[Exception] = []
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert failed


def ask_on_a_thread_with_what_was_given(connection: Connection):
    def ask():
        try:
            connection.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001 - the verdict says what it was
            return

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()


ELSEWHERE = r"a connection was taken on another thread \(.+\), which cannot be held"
THREADS = r"T1: the program asks on another thread, which cannot be held"


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (two_at_once, "T1: the program took a second connection, which cannot be held"),
        (leave_open, "T1: the program left a connection open, which nobody would end"),
        (ask_on_a_thread, ELSEWHERE),
        (ask_on_a_thread_with_what_was_given, THREADS),
    ],
)
def test_what_cannot_be_held_is_unknown(explore, one, reason):
    found = explore(one, sell, setup=setup, bounds=QUICK)
    assert found.cell.verdict.value == "unknown"
    assert any(re.fullmatch(reason, said) for said in found.cell.unknown), found.cell.unknown
    LEFT.clear()
    assert explore(sell_locking, sell_locking, setup=setup).holds  # nothing is left behind


@pytest.mark.parametrize("rounds", [0, 3], ids=["held", "freely"])
def test_what_a_pool_of_threads_does_with_another_engine_is_seen(explore, database, rounds):
    """Under the programs' own pool it is another connection, whose steps nobody holds."""
    freely = threading.Event()

    def sell_beside(connection: Connection):
        sell_locking(Session(connection))
        if rounds and session_of_this_thread().held:
            return
        with ThreadPoolExecutor(1) as threads:
            threads.submit(sell_alone).exception()

    def sell_alone():
        freely.set()
        application = create_engine(database.url)
        try:
            with application.begin() as connection:
                connection.execute(text("UPDATE item SET pieces = pieces - 1 WHERE id = 2"))
        finally:
            application.dispose()

    bounds = Bounds(stress=Stress(rounds)) if rounds else QUICK
    found = explore(sell_beside, sell_locking, setup=setup, bounds=bounds)
    assert freely.is_set()
    assert found.cell.verdict.value == "unknown"
    assert any(re.search(ELSEWHERE, said) for said in found.cell.unknown), found.cell.unknown


def test_a_program_may_dispose_of_its_engine(explore):
    def sell_and_dispose(engine: Engine):
        sell_over_an_engine(engine)
        engine.dispose()

    assert explore(sell_and_dispose, sell_locking, setup=setup).violated


def test_a_connection_given_back_amid_a_transaction_is_rolled_back_as_a_step(database):
    def forget(engine: Engine):
        raw = engine.connect()
        raw.execute(text("UPDATE item SET pieces = 0 WHERE id = 1"))
        raw._transaction = None  # as if nobody had begun it
        raw.close()

    assert [kind for kind, _ in steps_of(database, forget)] == [
        StepKind.STATEMENT,
        StepKind.ROLLBACK,
    ]
