"""Findings on live engines carry the textbook name that fits, and no other.

The textbook cases themselves: `live/anomalies`, where they are explored already.
"""

import pytest
from sqlalchemy import Connection, text

from harness.checks.verdict import Verdict
from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from harness.report.document import cell_of
from harness.report.story import finding_story
from harness.testing import explore as explore_functions
from workloads.vehicle_maintenance.problems.problem_2 import PROBLEM_2

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("level", PROBLEM_2.isolations, ids=lambda level: level.slug)
def test_problem_2_is_a_lost_update(database, level):
    current, bounds = PROBLEM_2.variants["current"], Bounds(reduction=True)
    cell = explore(database.target, PROBLEM_2, current, level, bounds=bounds)
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
