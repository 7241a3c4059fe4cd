"""What is put back between executions is as good as new: nobody waits who would not otherwise.

Each scenario is explored twice, with the ordinary resets and with tables that are dropped and made
again before every execution. Both must see the same executions: turns, waits, refusals, results
(numbers that the engine gave among them) and rows. All the while an old snapshot keeps InnoDB from
purging deleted rows, so that those which a reset leaves behind would be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from live.interleave.bank import READ_COMMITTED, REPEATABLE_READ, Bank, of
from live.interleave.statements import do
from sqlalchemy import (
    Column,
    Computed,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    text,
)

from harness.checks.state import State
from harness.engines import Isolation
from harness.interleave.explore import Bounds
from harness.interleave.fixture import Fixture
from harness.interleave.written import Writing

pytestmark = pytest.mark.integration

INNODB = ("mysql", "mariadb")

metadata = MetaData()
item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("amount", Integer, nullable=False),
    Column("name", String(700), nullable=False),
    Column("place", Integer, nullable=False, index=True),
)
log = Table(
    "log",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=True),
    Column("item", ForeignKey(item.c.id, ondelete="CASCADE"), nullable=False),
    Column("what", String(20), nullable=False),
)


def load(connection: Connection) -> None:
    rows = [{"id": n, "amount": 100, "name": "n", "place": n} for n in (10, 20, 30, 40)]
    connection.execute(insert(item), rows)
    connection.execute(insert(log), [{"item": n, "what": "new"} for n in (10, 20, 30)])


def enter(connection: Connection, key: int) -> object:
    """A new row with a number of the engine's, and something done to what it belongs to."""
    made = connection.execute(insert(log).values(item=key, what="entered"))
    connection.execute(text(f"update item set amount = amount + 1 where id = {key}"))
    connection.commit()
    return made.inserted_primary_key


# -- resets


Reset = Callable[[Fixture, Connection, set[Writing]], State]

ordinary: Reset = Fixture.put_back


def recreate(fixture: Fixture, connection: Connection, _writings: set[Writing]) -> State:
    """Drop and make the tables before every execution: as faithful as can be, and slow."""
    state = fixture.read(connection, fixture._by_name)
    fixture._metadata.drop_all(connection)
    fixture._metadata.create_all(connection)
    fixture._load(connection)
    return state


def refill(fixture: Fixture, connection: Connection, _writings: set[Writing]) -> State:
    """Delete all rows and insert the first ones: what a test suite would do by itself."""
    state = fixture.read(connection, fixture._by_name)
    for table in reversed(fixture._metadata.sorted_tables):
        connection.execute(table.delete())
    fixture._load(connection)
    return state


# -- exploring with them


@dataclass
class Seen:
    """All that an exploration saw."""

    executions: list[tuple[str, str, str]] = field(default_factory=list)
    counts: dict[str, object] = field(default_factory=dict)
    states: list[State] = field(default_factory=list)


def in_any_order(state: State) -> dict[str, list[object]]:
    """The rows without their places, of which an execution's result says nothing."""
    return {name: sorted(rows) for name, rows in state.tables.items()}


@contextmanager
def nothing_is_purged(bank: Bank) -> Iterator[None]:
    """Hold an old snapshot."""
    with bank.database.engine.connect() as old:
        if bank.kind.name in INNODB:
            old.exec_driver_sql("start transaction with consistent snapshot")
        yield


class Laboratory:
    """Explores the same programs with different resets."""

    def __init__(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bank = bank
        self._monkeypatch = monkeypatch
        self.fixture: Fixture
        """The one used last."""

    def explore(
        self,
        reset: Reset,
        *programs: Callable[[Connection], object],
        isolation: Isolation = READ_COMMITTED,
        **more: Any,
    ) -> Seen:
        def put_back(fixture: Fixture, connection: Connection, writings: set[Writing]) -> State:
            self.fixture = fixture
            seen.states.append(reset(fixture, connection, writings))
            return seen.states[-1]

        def watch(cell: Any, _fraction: float) -> None:
            execution = cell.latest
            refused = [refusal.code for refusal in execution.refusals()]
            seen.executions.append(
                (str(execution.schedule()), str(refused), str(sorted(execution.ends.items())))
            )

        seen = Seen()
        self._monkeypatch.setattr(Fixture, "put_back", put_back)
        with nothing_is_purged(self.bank):
            cell = self.bank.explore(
                *programs,
                isolation=isolation,
                bounds=Bounds(reduction=False),
                watch=watch,
                **{"metadata": metadata, "load": load, **more},
            )
        assert not cell.unknown
        counts = "possible possible_waits possible_deadlocks possible_anomalies outcomes aborts"
        seen.counts = {name: getattr(cell, name) for name in (*counts.split(), "verdict")}
        return seen

    def same(self, *programs: Callable[[Connection], object], **more: Any) -> Seen:
        """See that both kinds of reset show the same."""
        recreated = self.explore(recreate, *programs, **more)
        seen = self.explore(ordinary, *programs, **more)
        assert seen.counts == recreated.counts
        assert seen.executions == recreated.executions
        assert list(map(in_any_order, seen.states)) == list(map(in_any_order, recreated.states))
        return seen


@pytest.fixture
def laboratory(bank, monkeypatch) -> Laboratory:
    return Laboratory(bank, monkeypatch)


# -- what is the same

LOCK_ABSENT = "select * from item where id = 13 for update"
PAIRS = {
    "updates": (
        ("select amount from item where id = 10", "update item set amount = 5 where id = 10"),
        ("update item set amount = 7 where id = 10", "update item set amount = 7 where id = 20"),
    ),
    "updates crosswise": (
        ("update item set amount = 5 where id = 10", "update item set amount = 5 where id = 20"),
        ("update item set amount = 7 where id = 20", "update item set amount = 7 where id = 10"),
    ),
    "deletes": (
        ("delete from item where id = 20",),
        ("update item set amount = 5 where id > 10", "delete from item where id = 30"),
    ),
    "keys": (
        ("update item set id = 15 where id = 40", "select id from item where id > 12 for update"),
        ("insert into item values (17, 1, 'q', 1)",),
    ),
    "indexed columns": (
        ("update item set place = 25 where id = 10",),
        ("select id from item where place between 21 and 28 for update",),
    ),
    "gaps": (
        (LOCK_ABSENT, "update item set amount = 1 where id = 10"),
        ("insert into item values (15, 1, 'p', 15)", "delete from item where id = 15"),
    ),
    "scans in the order of places": (
        ("update item set amount = 1 where amount >= 100",),
        ("update item set amount = 2 where id = 30", "update item set amount = 2 where id = 10"),
    ),
    "cascades": (
        ("delete from item where id = 10",),
        ("select no from log where no <= 2 for update", "update log set what = 'x' where no = 1"),
    ),
    "rows that move": (  # who scans them meets, and locks, the moved row last
        (
            "update item set name = repeat('a', 600) where id = 10",
            "commit",
            "update item set amount = 1 where id = 10",
            "update item set amount = 1 where id = 20",
        ),
        ("select id from item where amount > 0 for update",),
    ),
    "tables that grow": (
        ("update item set name = repeat('a', 700)", "update item set amount = 1 where id = 30"),
        ("update item set name = repeat('b', 600)",),
    ),
}


def pair_of(name: str) -> list[Callable[[Connection], object]]:
    return [of(do, *statements) for statements in PAIRS[name]]


@pytest.mark.parametrize("name", PAIRS)
def test_ordinary_resets_show_what_new_tables_show(laboratory, name):
    laboratory.same(*pair_of(name), isolation=REPEATABLE_READ)


@pytest.mark.parametrize("name", ["deletes", "gaps", "rows that move", "tables that grow"])
def test_so_they_do_where_fewer_locks_are_taken(laboratory, name):
    laboratory.same(*pair_of(name), isolation=READ_COMMITTED)


def test_the_engine_numbers_from_the_same_number_each_time(laboratory):
    seen = laboratory.same(of(enter, 10), of(enter, 20))
    assert all("(4,)" in ends and "(5,)" in ends for _, _, ends in seen.executions)


# -- how it is done


def test_rows_that_were_only_updated_are_put_back_without_a_rebuild(laboratory):
    laboratory.same(*pair_of("updates"))
    assert laboratory.fixture.rebuilds == 0


@pytest.mark.engines(*INNODB)
def test_a_counter_that_loading_sets_is_not_set_by_hand(laboratory):
    laboratory.same(of(enter, 10), of(enter, 20))
    assert laboratory.fixture._counters == []


@pytest.mark.engines(*INNODB)
def test_tables_refilled_by_hand_show_other_waits(laboratory):
    """The control: row 15, deleted and not purged, splits the gap that the other program locks.

    A product that reset its tables so would call executions possible that are not. Ours rebuilds.
    """
    programs = pair_of("gaps")
    refilled = laboratory.explore(refill, *programs, isolation=REPEATABLE_READ)
    seen = laboratory.same(*programs, isolation=REPEATABLE_READ)
    assert refilled.counts["possible_waits"] < seen.counts["possible_waits"]
    assert refilled.executions != seen.executions
    assert laboratory.fixture.rebuilds > 0


@pytest.mark.engines("postgresql")
def test_tables_refilled_by_hand_number_on(laboratory):
    """The control: a sequence goes on where the last execution left it."""
    programs = of(enter, 10), of(enter, 20)
    refilled = laboratory.explore(refill, *programs)
    seen = laboratory.same(*programs)
    assert refilled.executions != seen.executions


# -- columns that change although no statement names them

LOCK_GAP = "select id from item where {} = 114 for update"


def test_a_trigger_may_change_what_no_statement_names(laboratory):
    def load_with_trigger(connection: Connection) -> None:
        load(connection)
        for statement in TRIGGERS[connection.dialect.name.replace("mariadb", "mysql")]:
            connection.exec_driver_sql(statement)

    laboratory.same(
        of(
            do,
            "update item set amount = 5 where id = 10",
            "update item set amount = 5 where id = 20",
        ),
        of(do, LOCK_GAP.format("place"), "update item set amount = 7 where id = 20"),
        isolation=REPEATABLE_READ,
        load=load_with_trigger,
    )


TRIGGERS = {
    "mysql": (
        "create trigger moved before update on item for each row set new.place = 112",
        "create trigger noted after update on item for each row "
        "insert into log (item, what) values (new.id, 'changed')",
    ),
    "postgresql": (
        "create or replace function moved() returns trigger language plpgsql as $$ begin "
        "new.place = 112; insert into log (item, what) values (new.id, 'changed'); "
        "return new; end $$",
        "create trigger moved before update on item for each row execute function moved()",
    ),
}


def test_an_index_may_be_on_what_is_computed(laboratory):
    computed = MetaData()
    item.to_metadata(computed).append_column(
        Column("twice", Integer, Computed("amount * 2", persisted=True), index=True)
    )

    def load_items(connection: Connection) -> None:
        rows = [{"id": n, "amount": 50, "name": "n", "place": n} for n in (10, 20, 30)]
        connection.execute(insert(item), rows)

    laboratory.same(
        of(do, "update item set amount = 56 where id = 10"),
        of(do, LOCK_GAP.format("twice")),
        isolation=REPEATABLE_READ,
        metadata=computed,
        load=load_items,
    )


# -- counters


def test_the_engine_numbers_on_from_where_the_fixture_left_it(laboratory):
    """Which is not always behind the greatest number in the table."""

    def load_and_delete(connection: Connection) -> None:
        load(connection)
        for what in ("first", "second"):
            made = connection.execute(insert(log).values(item=10, what=what))
            connection.execute(log.delete().where(log.c.no == made.inserted_primary_key[0]))

    seen = laboratory.same(of(enter, 10), of(enter, 20), load=load_and_delete)
    assert all("(6,)" in ends and "(7,)" in ends for _, _, ends in seen.executions)
