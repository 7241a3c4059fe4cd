"""The search takes statements as wholes; the free-running lane finds what overlaps inside."""

from itertools import pairwise

import pytest
from sqlalchemy import text

from harness.checks.invariant import Invariant
from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from harness.interleave.stress import Stress
from harness.programs import Program
from harness.scenario import scenario_of

pytestmark = pytest.mark.integration

BOOK = """
INSERT INTO booking (booking_no, room) SELECT :number, 7 FROM room
WHERE NOT EXISTS (SELECT 1 FROM booking WHERE room = 7)
"""


def setup(connection):
    connection.execute(text("CREATE TABLE booking (booking_no INTEGER PRIMARY KEY, room INTEGER)"))
    connection.execute(text("CREATE TABLE room (room INTEGER PRIMARY KEY)"))
    connection.execute(text("INSERT INTO room VALUES (7)"))


def book(number, *, locking=False):
    """One statement that is its own transaction; `locking` takes the room's row first."""

    def run(connection):
        if locking:
            connection.execute(text("SELECT room FROM room WHERE room = 7 FOR UPDATE"))
            connection.execute(text(BOOK), {"number": number})
            connection.commit()
            return
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        alone.execute(text(BOOK), {"number": number})

    return Program(f"book {number}", run)


def cell(database, *, locking, rounds):
    programs = {"T1": book(1, locking=locking), "T2": book(2, locking=locking)}
    scenario = scenario_of(programs, setup)
    stress = Stress(rounds) if rounds else None
    return explore(
        database.target,
        scenario,
        scenario.variants["current"],
        Isolation.READ_COMMITTED,
        bounds=Bounds(stress=stress),
    )


def test_search_alone_misses_what_overlaps_inside_a_statement(database):
    found = cell(database, locking=False, rounds=0)
    assert found.verdict is Verdict.HOLDS


def test_both_lanes_together_find_it(database):
    found = cell(database, locking=False, rounds=300)
    assert (found.verdict, found.anomalies) == (Verdict.VIOLATED, 0)
    assert found.rounds_broken > 0
    assert found.finding.kind == "not serializable, running freely"


def test_a_lock_taken_before_holds_in_both_lanes(database):
    found = cell(database, locking=True, rounds=60)
    assert (found.verdict, found.rounds, found.rounds_broken) == (Verdict.HOLDS, 60, 0)


def test_a_rule_of_each_commit_is_not_judged_where_nobody_looks_after_each(database):
    def bookings(connection):
        return connection.execute(text("SELECT count(*) FROM booking")).scalar_one()

    def one_at_a_time(history):
        steps = [after - before for before, after in pairwise(history)]
        return f"{max(steps)} bookings in one commit" if max(steps, default=0) > 1 else None

    def found(rows_each, *, of_each_commit):
        programs = {f"T{n}": twice(n * 10, rows_each) for n in (1, 2)}
        rule = Invariant("one at a time", bookings, one_at_a_time, of_each_commit)
        scenario = scenario_of(programs, setup, [rule])
        return explore(
            database.target,
            scenario,
            scenario.variants["current"],
            Isolation.READ_COMMITTED,
            bounds=Bounds(stress=Stress(5)),
        )

    assert found(1, of_each_commit=True).verdict is Verdict.HOLDS
    freely = found(1, of_each_commit=False)
    assert freely.verdict is Verdict.VIOLATED
    assert freely.rounds_broken == freely.rounds
    assert found(2, of_each_commit=True).verdict is Verdict.VIOLATED


def twice(number, rows_each):
    """Two commits, of so many rows each."""

    def run(connection):
        for unit in range(2):
            for row in range(rows_each):
                place = {"number": number + unit * rows_each + row}
                connection.execute(text("INSERT INTO booking VALUES (:number, 7)"), place)
            connection.commit()

    return Program(f"twice {number}", run)
