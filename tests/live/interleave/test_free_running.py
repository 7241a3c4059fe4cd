"""The search takes statements as wholes; the free-running lane finds what overlaps inside."""

import pytest
from sqlalchemy import text

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
