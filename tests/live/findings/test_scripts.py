"""A finding written as SQL happens again when it is typed into the engine's own client."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from live.findings.deadlocking import METADATA, change, explored, script
from live.findings.terminals import Desk
from sqlalchemy import (
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    Table,
    insert,
    select,
    text,
)

from harness.errors import HarnessError
from harness.interleave.cell import Cell
from harness.interleave.explore import explore
from harness.interleave.schedule import Schedule
from harness.report.script import script_of
from harness.testing import LiveDatabase
from harness.testing import explore as explore_functions
from workloads.anomalies import anomalies
from workloads.vehicle_maintenance.problems.problem_2 import PROBLEM_2

pytestmark = pytest.mark.integration

BY_NAME = {anomaly.name: anomaly for anomaly in anomalies()}


@contextmanager
def at_the_desk(database: LiveDatabase, cell: Cell, folder: Path) -> Iterator[Desk]:
    """The cell's script in a folder, its tables made by a client, and terminals on them."""
    for name, content in script_of(cell).items():
        (folder / name).write_text(content, encoding="utf-8")
    desk = Desk(database, folder)
    try:
        yield desk
    finally:
        desk.close()


def rows(database: LiveDatabase, name: str) -> list[tuple[object, ...]]:
    """A table's rows as they are now, without what a clock has filled in."""
    with database.engine.connect() as connection:
        table = Table(name, MetaData(), autoload_with=connection)
        kept = [column for column in table.columns if not column.name.endswith("_at")]
        return sorted(map(tuple, connection.execute(select(*kept))), key=repr)


def expected(cell: Cell, name: str) -> list[tuple[object, ...]]:
    """The same, as the harness had read them after the finding."""
    shape = next(shape for shape in cell.start.setting.shapes if shape.name == name)
    kept = [n for n, column in enumerate(shape.columns) if not column.endswith("_at")]
    return sorted(
        (tuple(row[place] for place in kept) for row in cell.finding.state.tables[name]), key=repr
    )


@pytest.mark.parametrize("name", ["p4", "g-single", "g2", "g2-two-edges"])
def test_a_textbook_anomaly_is_seen_by_hand(database, tmp_path, name):
    scenario = BY_NAME[name].scenario
    level = scenario.isolations[1]
    cell = explore(database.target, scenario, scenario.variants["current"], level)
    assert cell.finding is not None
    with at_the_desk(database, cell, tmp_path) as desk:
        answers = desk.play()
    assert rows(database, "test") == expected(cell, "test")
    for turn in cell.finding.execution.turns:
        if turn.effect is not None and turn.effect.columns:
            read = [[str(value) for value in row] for row in turn.effect.rows]
            said = [line.replace("|", "\t").split("\t") for line in answers[turn.number]]
            assert [line for line in said if len(line) == len(turn.effect.columns)] == read


def test_problem_2_goes_backwards_by_hand(database, tmp_path):
    level = PROBLEM_2.isolations[0]
    cell = explore(database.target, PROBLEM_2, PROBLEM_2.variants["current"], level)
    with at_the_desk(database, cell, tmp_path) as desk:
        desk.play()
    for name in ("maintenance_schedule", "progress", "vehicle", "vehicle_record"):
        assert rows(database, name) == expected(cell, name)


def accounts(connection: Connection) -> None:
    connection.execute(
        text("create table account (id int primary key, owner varchar(40), balance int)")
    )
    given = [{"i": 1, "o": "O'Neil \\ 50% :x #1 口座"}, {"i": 2, "o": None}]
    connection.execute(text("insert into account values (:i, :o, 100)"), given)


def rename(connection: Connection) -> str:
    """Reads with a lock, computes, writes what a careless quoting would break."""
    row = connection.execute(text("select owner from account where id = 1 for update")).scalar_one()
    connection.execute(
        text("update account set owner = :o, balance = balance - 1 where id = :i"),
        {"o": row + " -- '1'\\", "i": 1},
    )
    connection.commit()
    return str(row)


def never(_connection: Connection) -> str:
    return "is never right"


def test_a_wait_is_a_real_wait_and_values_are_quoted_for_the_client(database, tmp_path):
    found = explore_functions(
        database,
        [rename, rename],
        setup=accounts,
        invariants=[never],
        schedule="T1 T2* T1 T1 T2 T2",
    )
    assert found.cell.recorded.had_waits()
    with at_the_desk(database, found.cell, tmp_path) as desk:
        desk.play()
        told = (tmp_path / "schedule.txt").read_text("utf-8")
    assert "T2 hangs: <waits for T1" in told
    assert "T2 goes on with turn 2:" in told
    assert rows(database, "account") == expected(found.cell, "account")
    assert rows(database, "account")[0][1].count("--") == 2


def numbered(connection: Connection) -> None:
    """Tables as a user makes them, with a counter and a foreign key, found by reflection."""
    made = MetaData()
    bill = Table("bill", made, Column("no", Integer, primary_key=True), Column("total", Integer))
    line = Table(
        "line",
        made,
        Column("no", Integer, primary_key=True),
        Column("bill", ForeignKey(bill.c.no), nullable=False, index=True),
        Column("amount", Numeric(9, 2), nullable=False, server_default="0"),
        Column("day", Date),
    )
    made.create_all(connection)
    connection.execute(insert(bill), [{"total": 0}, {"total": 1}])
    connection.execute(
        insert(line), {"bill": 1, "amount": Decimal("1.50"), "day": date(2024, 5, 1)}
    )


def add_line(connection: Connection) -> None:
    """Counts, then writes the count: another line may have come between."""
    count = connection.execute(text("select count(*) from line where bill = 1")).scalar_one()
    connection.execute(text("insert into line (bill, amount) values (1, 2.25)"))
    connection.execute(text("update bill set total = :c where no = 1"), {"c": count + 1})
    connection.commit()


def test_tables_that_were_found_and_numbers_that_the_engine_gives(database, tmp_path):
    found = explore_functions(database, [add_line, add_line], setup=numbered)
    assert found.violated
    with at_the_desk(database, found.cell, tmp_path) as desk:
        desk.play()
    for name in ("bill", "line"):
        assert rows(database, name) == expected(found.cell, name)


def test_a_deadlock_is_seen_by_hand(database, tmp_path):
    """The clients say who was given up; which one it is may be the server's choice."""
    programs = script(change(1), change(2)), script(change(2), change(1))
    cell = explored(database, *programs)
    schedule = Schedule.parse(str(cell.deadlocked.schedule()))
    cell = explored(database, *programs, schedule=schedule)
    assert cell.recorded.deadlocks
    with at_the_desk(database, cell, tmp_path) as desk:
        desk.play()
    given_up = [
        name
        for name, one in desk.terminals.items()
        if any("deadlock" in line.lower() for line in one.errors)
    ]
    assert len(given_up) == 1
    assert sorted(METADATA.tables) == ["account", "entry"]
    assert rows(database, "account")[0][1] + rows(database, "account")[1][1] == 202


def test_no_password_is_in_a_script(database):
    scenario = BY_NAME["p4"].scenario
    level = scenario.isolations[1]
    cell = explore(database.target, scenario, scenario.variants["current"], level)
    for content in script_of(cell).values():
        assert database.url.password not in content


def test_what_holds_has_no_script(database):
    cell = explored(database, script(change(1)), script(change(2)))
    with pytest.raises(HarnessError, match="script: nothing to write"):
        script_of(cell)
