"""Findings on live engines carry the textbook name that fits, and no other."""

import pytest
from sqlalchemy import Connection, text

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import explore
from harness.report.document import cell_of
from harness.report.story import finding_story
from harness.testing import explore as explore_functions
from workloads.anomalies import anomalies
from workloads.vehicle_maintenance.problems.problem_2 import PROBLEM_2

pytestmark = pytest.mark.integration

# What each textbook case is called by what its shortest execution shows, with Adya's class.
NAMES = {
    "g0": ("G0", "write cycle", "G0"),
    "g1a": ("G1a", "aborted read", "G1a"),
    "g1b": ("G1b", "intermediate read", "G1b"),
    "g1c": ("G1c", "circular information flow", "G1c"),
    "otv": ("OTV", "observed transaction vanishes", "G-single"),
    "pmp": ("PMP", "phantom", "G-single"),
    "pmp-write": ("PMP", "phantom", "G-single"),
    "pmp-delete": ("PMP", "phantom", "G-single"),
    "p4": ("P4", "lost update", "G-single"),
    "g-single": ("G-single", "read skew", "G-single"),
    "g-single-dependencies": ("G-single", "fuzzy read", "G-single"),
    "g-single-write-1": ("G-single", "read skew", "G-single"),
    "g-single-write-2": ("G-single", "read skew", "G-single"),
    "g2-item": ("G2-item", "write skew", "G2-item"),
    "g2": ("G2", "write skew by a predicate", "G2"),
    "g2-two-edges": ("G2-item", "anti-dependency cycle", "G2-item"),
}
OTHERWISE = {
    # The read there sees what an update had changed before it had to wait, halfway through its
    # rows: no statement has left the table like that, so nothing is sure of who has seen what.
    ("mysql", "pmp-delete", "read-uncommitted"): None,
    # An update there skips a row whose deletion is not committed: each has seen the other.
    ("mariadb", "pmp-delete", "read-uncommitted"): ("G1c", "circular information flow", "G1c"),
}


@pytest.mark.parametrize("anomaly", anomalies(), ids=lambda anomaly: anomaly.name)
def test_a_textbook_case_is_called_by_its_name(database, anomaly):
    for level in Isolation:
        scenario = anomaly.scenario
        cell = explore(database.target, scenario, scenario.variants["current"], level)
        if cell.finding is None:
            continue
        place = (database.kind, anomaly.name, level.slug)
        found = cell.finding.anomaly
        named = (found.name, found.title, found.phenomenon) if found else None
        assert named == OTHERWISE.get(place, NAMES[anomaly.name]), place


@pytest.mark.parametrize("level", PROBLEM_2.isolations, ids=lambda level: level.slug)
def test_problem_2_is_a_lost_update(database, level):
    cell = explore(database.target, PROBLEM_2, PROBLEM_2.variants["current"], level)
    assert (cell.finding is None) is (cell.verdict is Verdict.HOLDS)
    if cell.finding is not None:
        anomaly = cell.finding.anomaly
        assert (anomaly.name, anomaly.title) == ("P4", "lost update")
        assert {edge.table for edge in anomaly.cycle} == {"maintenance_schedule"}
        told = cell_of(cell)["finding"]["anomaly"]
        assert (told["name"], told["phenomenon"]) == ("P4", "G-single")
        assert "\nP4, lost update (a case of G-single; " in finding_story(cell, "x", 110)


def tables(connection: Connection) -> None:
    connection.execute(text("create table account (id int primary key, balance int)"))
    connection.execute(text("insert into account values (1, 100), (2, 100)"))


def in_two_transactions(connection: Connection) -> None:
    """What is read is committed before it is written: no transaction is in a cycle."""
    seen = connection.execute(text("select balance from account where id = 1")).scalar_one()
    connection.commit()
    connection.execute(text("update account set balance = :b where id = 1"), {"b": seen - 10})
    connection.commit()


def test_a_lost_update_across_transactions_has_no_textbook_name(database):
    found = explore_functions(database, [in_two_transactions] * 2, setup=tables)
    assert found.violated
    assert found.cell.finding.reproduced
    assert found.cell.finding.anomaly is None
    assert cell_of(found.cell)["finding"]["anomaly"] is None


def the_same_again(connection: Connection) -> None:
    """Writes what is there already: nobody can tell whose it is."""
    connection.execute(text("select balance from account where id = 1")).scalar_one()
    connection.execute(text("update account set balance = 100 where id = 1"))
    connection.commit()


def never(_connection: Connection) -> str:
    return "is never right"


def test_what_is_broken_in_every_order_has_no_textbook_name(database):
    found = explore_functions(database, [the_same_again] * 2, setup=tables, invariants=[never])
    assert found.violated
    assert found.cell.finding.anomaly is None


def as_it_likes(connection: Connection) -> None:
    """A function that the reader does not know may read or write anything."""
    seen = connection.execute(
        text("select balance + surprise() from account where id = 1")
    ).scalar_one()
    connection.execute(text("update account set balance = :b where id = 1"), {"b": seen - 10})
    connection.commit()


def test_where_a_statement_cannot_be_read_nothing_is_named(database):
    from live.findings.test_deadlocks import SURPRISES

    def with_a_function(connection: Connection) -> None:
        tables(connection)
        for statement in SURPRISES[database.kind]:
            connection.exec_driver_sql(statement)

    found = explore_functions(database, [as_it_likes] * 2, setup=with_a_function)
    assert found.violated
    assert found.cell.finding.anomaly is None
