"""What the fourteen programs do to the tables is what exam table 4 says, on every engine.

And the check can fail: programs that read a table too many, miss an update, or do not run.
"""

import json
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import func, insert, select, update

from harness import cli
from harness.checks.verdict import Verdict
from harness.crud.comparison import compare
from harness.crud.observed import observe
from harness.crud.subject import Expected, subjects
from schema.vehicle_maintenance import contractor, customer, inspection_sheet, vehicle
from workloads.vehicle_maintenance.online.vehicle_inquiry import (
    VehicleInquiryRequest,
    vehicle_inquiry,
)

pytestmark = pytest.mark.integration

INQUIRY = VehicleInquiryRequest(101)


@pytest.fixture
def subject():
    return subjects()["vehicle-maintenance"]


def running(subject, **runs):
    """The subject with other runs for some programs; None takes them away."""

    def of_day(folder):
        changed = {**subject.runs(folder), **runs}
        return {name: todo for name, todo in changed.items() if todo is not None}

    return replace(subject, runs=of_day)


def row_of(subject, database, program):
    found = observe(subject, database.target.engine, database.target.url)
    rows = {row.program.name: row for row in compare(subject, found)}
    others = {row.verdict for name, row in rows.items() if name != program}
    assert others == {Verdict.HOLDS}
    return rows[program]


def test_every_program_does_what_table_4_says(subject, database):
    found = observe(subject, database.target.engine, database.target.url)
    rows = compare(subject, found)
    assert [line for row in rows for line in row.differences] == []
    assert {row.program.name: row.verdict for row in rows} == dict.fromkeys(
        [program.name for program in subject.programs], Verdict.HOLDS
    )
    assert all(row.statements > 0 for row in rows)


def reading_too_much(connection):
    vehicle_inquiry(connection, INQUIRY)
    connection.execute(select(customer.c.customer_name)).all()
    connection.commit()


def test_a_program_that_reads_one_table_too_many_is_caught(subject, database):
    row = row_of(running(subject, vehicle_inquiry=[reading_too_much]), database, "vehicle_inquiry")
    assert row.verdict is Verdict.VIOLATED
    assert list(row.differences) == [
        "vehicle_inquiry: reads customer, and should not: "
        "SELECT customer.customer_name FROM customer"
    ]


def reading_too_much_inside_a_statement(connection):
    """The table is named in a sub-select of a write only."""
    vehicle_inquiry(connection, INQUIRY)
    number = select(func.count()).select_from(contractor).scalar_subquery()
    connection.execute(update(vehicle).values(seating_capacity=number))
    connection.rollback()


def test_a_table_in_a_sub_select_and_a_write_rolled_back_are_caught(subject, database):
    changed = running(subject, vehicle_inquiry=[reading_too_much_inside_a_statement])
    row = row_of(changed, database, "vehicle_inquiry")
    assert row.verdict is Verdict.VIOLATED
    assert [line.partition(":")[2].partition(",")[0] for line in row.differences] == [
        " updates vehicle",
        " reads contractor",
    ]


def without_its_update(connection, real):
    """The program with its updates swallowed on the way to the connection."""

    class Deaf:
        def execute(self, statement, *rest):
            return None if statement.is_update else connection.execute(statement, *rest)

        def __getattr__(self, name):
            return getattr(connection, name)

    real(Deaf())


def test_a_program_that_misses_an_update_is_caught(subject, database, tmp_path):
    (real,) = subject.runs(tmp_path)["inspection_rate_update"]
    changed = running(subject, inspection_rate_update=[partial(without_its_update, real=real)])
    row = row_of(changed, database, "inspection_rate_update")
    assert row.verdict is Verdict.VIOLATED
    assert list(row.differences) == [
        "inspection_rate_update: should be seen to do U on inspection_sheet, and is not"
    ]


def test_a_program_that_was_not_run_is_unknown(subject, database):
    row = row_of(running(subject, report_creation=None), database, "report_creation")
    assert row.verdict is Verdict.UNKNOWN
    assert list(row.differences) == ["report_creation: was not run"]


def test_a_program_that_finds_nothing_to_do_is_unknown(subject, database):
    """Its statements are there, but no row says that they do anything."""

    def too_early(connection):
        connection.execute(
            update(inspection_sheet)
            .where(inspection_sheet.c.contract_no == 0)
            .values(actual_points=1)
        )
        connection.commit()

    idle = Expected("idle", "idle", {"inspection_sheet": "U"})
    changed = replace(running(subject, idle=[too_early]), programs=[*subject.programs, idle])
    row = row_of(changed, database, "idle")
    assert row.verdict is Verdict.UNKNOWN
    assert list(row.differences) == [
        "idle: updates inspection_sheet, but no row is known to have been touched"
    ]


def failing(connection):
    vehicle_inquiry(connection, INQUIRY)
    connection.execute(insert(vehicle).values(vehicle_no=101))


def test_a_program_that_fails_is_unknown_and_the_others_run(subject, database):
    row = row_of(running(subject, vehicle_inquiry=[failing]), database, "vehicle_inquiry")
    assert row.verdict is Verdict.UNKNOWN
    assert "did not come to its end: " in row.differences[0]


def unreadable(connection):
    vehicle_inquiry(connection, INQUIRY)
    connection.execute(select(func.harness_unheard_of(1)).where(vehicle.c.vehicle_no == 0))


def test_a_function_that_may_do_anything_is_unknown(subject, database):
    """The server knows no such function, so the program fails; nor do we know what it touches."""
    row = row_of(running(subject, vehicle_inquiry=[unreadable]), database, "vehicle_inquiry")
    assert row.verdict is Verdict.UNKNOWN


def run_command(live_engine, tmp_path, capsys, monkeypatch, subject):
    monkeypatch.setattr("harness.cli.crud.subjects", lambda: {subject.name: subject})
    path = tmp_path / "crud.json"
    words = ["crud", "--engine", live_engine, "--json", str(path), "--runs", str(tmp_path / "runs")]
    status = cli.main(words)
    return status, capsys.readouterr().out, json.loads(path.read_text())


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize(
    ("runs", "status", "word", "cell"),
    [
        ({}, 0, "holds", ""),
        ({"vehicle_inquiry": [reading_too_much]}, 1, "violated", "+R"),
        ({"report_creation": None}, 2, "unknown", "U?"),
    ],
    ids=["holds", "violated", "unknown"],
)
def test_the_command_says_it_by_its_status(
    live_server, live_engine, tmp_path, capsys, monkeypatch, subject, runs, status, word, cell
):
    changed = running(subject, **runs)
    found, said, content = run_command(live_engine, tmp_path, capsys, monkeypatch, changed)
    assert found == status
    assert said.strip().splitlines()[-1].startswith(f"{word}: ")
    assert cell in said
    assert "予定表" in said
    (engine,) = content["engines"]
    assert (engine["engine"], engine["verdict"]) == (live_engine, word)
    assert len(engine["programs"]) == 14
