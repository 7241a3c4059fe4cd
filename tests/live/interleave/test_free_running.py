"""The search takes statements as wholes; the free-running lane finds what overlaps inside."""

import threading
from itertools import pairwise

import pytest
from sqlalchemy import text

from harness.checks.invariant import Invariant
from harness.checks.verdict import Verdict
from harness.clock import pause
from harness.engines import Isolation
from harness.interleave.explore import explore
from harness.interleave.limits import Limits
from harness.interleave.search import Bounds
from harness.interleave.stress import Stress
from harness.programs import Program
from harness.scenario import scenario_of
from harness.sessions.session import session_of_this_thread

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

    def found(rows, *, of_each_commit):
        programs = {f"T{n}": inserting(n * 10, rows) for n in (1, 2)}
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


def inserting(number, rows):
    """One commit, of so many rows."""

    def run(connection):
        for row in range(rows):
            place = {"number": number + row}
            connection.execute(text("INSERT INTO booking VALUES (:number, 7)"), place)
        connection.commit()

    return Program(f"inserting from {number}", run)


# -- what a round takes over from the search: commits, attempts, and no limit of its steps


def four_rows(connection):
    connection.execute(text("CREATE TABLE mark (id INTEGER PRIMARY KEY, set_by INTEGER)"))
    connection.execute(text("INSERT INTO mark VALUES (1, 0), (2, 0), (3, 0), (4, 0)"))


def running_freely():
    return not session_of_this_thread().held


def crosswise(own, first, second, meetings, runs):
    """Commit a row, then take two of which another program has the second: in a round, always."""

    def mark(connection, row):
        connection.execute(text("UPDATE mark SET set_by = 1 WHERE id = :id"), {"id": row})

    def run(connection):
        if running_freely():
            runs.append(own)
        mark(connection, own)
        connection.commit()
        mark(connection, first)
        if running_freely() and meetings:
            meetings.pop().wait(30)
        mark(connection, second)
        connection.commit()

    return Program(f"marks {own}", run)


def cross_cell(database, rounds, attempts):
    """The cell, and who ran in the rounds."""
    meetings, runs = [threading.Barrier(2) for _ in range(rounds)], []
    programs = {
        "T1": crosswise(1, 2, 3, meetings[:], runs),
        "T2": crosswise(4, 3, 2, meetings[:], runs),
    }
    scenario = scenario_of(programs, four_rows)
    found = explore(
        database.target,
        scenario,
        scenario.variants["current"],
        Isolation.READ_COMMITTED,
        bounds=Bounds(
            limits=Limits(attempts=attempts), reduction=True, stress=Stress(rounds=rounds)
        ),
    )
    return found, runs


def test_what_a_refused_program_had_committed_counts_in_a_round_too(database):
    """Each round is a deadlock after both have committed: the victim has its part in an order."""
    found, runs = cross_cell(database, rounds=3, attempts=1)
    assert (found.verdict, found.rounds, found.rounds_broken) == (Verdict.HOLDS, 3, 0)
    assert len(runs) == 6


def test_a_refused_program_is_run_again_in_a_round_as_in_the_search(database):
    found, runs = cross_cell(database, rounds=1, attempts=2)
    assert (found.verdict, found.rounds, found.rounds_broken) == (Verdict.HOLDS, 1, 0)
    assert len(runs) == 3


@pytest.mark.parametrize(
    ("round_s", "verdict"), [(60.0, Verdict.HOLDS), (0.2, Verdict.UNKNOWN)], ids=["long", "short"]
)
def test_a_round_has_a_limit_of_its_own(database, round_s, verdict):
    def slow(connection):
        if running_freely():
            pause(1.2)
        connection.execute(text("UPDATE mark SET set_by = set_by + 1 WHERE id = 1"))
        connection.commit()

    scenario = scenario_of({name: Program("slow", slow) for name in ("T1", "T2")}, four_rows)
    found = explore(
        database.target,
        scenario,
        scenario.variants["current"],
        Isolation.READ_COMMITTED,
        bounds=Bounds(limits=Limits(step_s=1.0), stress=Stress(rounds=1, round_s=round_s)),
    )
    assert found.verdict is verdict
    if verdict is Verdict.UNKNOWN:
        assert found.unknown == ["free-running round: not over within 0.2 s"]
