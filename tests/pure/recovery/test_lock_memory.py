"""The lock-memory drill's judgement: what must pass, what must fail, what nobody can tell."""

from itertools import pairwise

import pymysql
import pytest
from psycopg import errors

from harness.checks.verdict import Verdict
from harness.engines import ENGINES
from harness.engines.lock_memory import LockNeed
from harness.recovery.lock_memory import (
    Attempt,
    Full,
    LockMemoryFound,
    Size,
    judged,
    planned_need,
)
from harness.recovery.lock_memory_report import LockMemoryCell, lock_memory_line, lock_memory_text

SIZE = Size(jobs=3, locks=100, parts=2)
FULL = Full(2, 2, "1206", "The total number of locks exceeds the lock table size", "goes on")


def attempt(ended, full=None, *, commit_parts=None, size=SIZE):
    """Jobs that ended, all of whose parts are there."""
    done = {(job, part) for job in ended for part in (1, 2)}
    beside = {(0,), (1,)}
    return Attempt(
        size,
        commit_parts,
        list(ended),
        LockNeed(100 * len(ended), 1000 * len(ended)),
        full,
        beside,
        done,
        set(beside),
        lived=True,
    )


def found():
    return LockMemoryFound(
        attempt([1], FULL), attempt([1, 2, 3], commit_parts=1), attempt([1, 2, 3]), {}
    )


def test_a_refusal_that_lost_nothing_and_two_cures_hold():
    assert found().verdict is Verdict.HOLDS
    assert (found().wrong(), found().unknown()) == ([], [])


def test_rows_of_the_refused_job_are_a_violation():
    seen = found()
    seen.small.found_done.add((2, 1))
    assert seen.verdict is Verdict.VIOLATED
    assert seen.wrong() == ["1 rows of a job that was refused are there"]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda a: a.found_done.remove((1, 2)),
            "1 rows of jobs that were acknowledged are gone",
        ),
        (
            lambda a: a.found_beside.remove((0,)),
            "1 commits of the session beside the jobs are gone",
        ),
        (
            lambda a: a.found_beside.add((9,)),
            "1 rows are there that the session beside did not commit",
        ),
        (lambda a: setattr(a, "lived", False), "the server did not go on"),
    ],
    ids=["lost", "lost beside", "strange", "dead"],
)
def test_everything_that_is_lost_is_told(spoil, sentence):
    seen = attempt([1], FULL)
    spoil(seen)
    assert judged(seen) == [sentence]


@pytest.mark.parametrize("cure", ["parts", "planned"])
def test_a_cure_that_does_not_help_is_a_violation(cure):
    seen = found()
    getattr(seen, cure).full = FULL
    assert seen.verdict is Verdict.VIOLATED
    assert seen.wrong()[0].endswith("job 2 was refused as well")


def test_no_refusal_is_unknown_and_so_is_nothing_at_all():
    nothing = LockMemoryFound(attempt([1, 2, 3]))
    assert nothing.verdict is Verdict.UNKNOWN
    assert nothing.unknown() == ["the memory was enough for 3 jobs"]
    assert LockMemoryFound().verdict is Verdict.UNKNOWN
    assert LockMemoryFound(attempt([1], FULL)).verdict is Verdict.UNKNOWN


def test_the_need_of_all_jobs_follows_from_those_that_ended():
    assert planned_need(attempt([1, 2], FULL)) == LockNeed(300, 3000)
    assert planned_need(attempt([])) is None


def cell(seen, *, control=False):
    return LockMemoryCell(ENGINES["mysql"], "9.7.4", "docker", SIZE, control, seen)


def test_a_control_is_as_expected_only_if_the_loss_was_noticed():
    kept = LockMemoryFound(attempt([1], FULL))
    assert cell(kept, control=True).verdict is Verdict.HOLDS
    kept.small.found_done.add((2, 1))
    caught = cell(kept, control=True)
    assert caught.verdict is caught.expected is Verdict.VIOLATED
    assert lock_memory_line(caught).endswith("are there, as a control must")
    quiet = LockMemoryFound(attempt([1, 2, 3]))
    assert cell(quiet, control=True).verdict is Verdict.UNKNOWN


def test_the_text_says_what_the_server_said():
    told = cell(found())
    told.found.sized = {"innodb_buffer_pool_size": "14M"}
    text = lock_memory_text(told)
    assert "job 2 was told: 1206 The total number of locks exceeds the lock table size" in text
    assert "its rows: 0 of 2\nrows of the other jobs, which committed afterwards: 2 of 2\n" in text
    assert lock_memory_line(told).startswith("holds: MySQL 9.7.4: refused with 1206, nothing lost;")


def test_the_last_line_says_why_it_is_unknown():
    line = lock_memory_line(cell(LockMemoryFound(attempt([1, 2, 3]))))
    assert line == "unknown: MySQL 9.7.4: the memory was enough for 3 jobs"


def test_parts_share_the_places_and_leave_none_out():
    size = Size(2, 103, 7)
    places = [size.places(part) for part in range(1, 8)]
    assert places[0][0] == 0
    assert places[-1][1] == 103
    assert all(one[1] == two[0] for one, two in pairwise(places))


@pytest.mark.parametrize(
    ("engine", "need", "settings"),
    [
        ("mysql", LockNeed(69_252, 7_324_368), {"innodb_buffer_pool_size": "14M"}),
        ("mariadb", LockNeed(69_024, 7_323_840), {"innodb_buffer_pool_size": "14M"}),
        (
            "postgresql",
            LockNeed(4_722, 0),
            {"max_locks_per_transaction": "242", "max_connections": "20"},
        ),
    ],
)
def test_the_setting_follows_from_the_locks_at_once(engine, need, settings):
    assert ENGINES[engine].lock_memory.enough(need) == settings


def test_only_the_engines_own_number_says_that_the_memory_is_full():
    mysql, postgresql = ENGINES["mysql"].lock_memory, ENGINES["postgresql"].lock_memory
    assert mysql.full(pymysql.err.OperationalError(1206, "full")) == "1206"
    assert mysql.full(pymysql.err.OperationalError(1213, "deadlock")) == ""
    assert mysql.full(ValueError("1206")) == ""
    assert postgresql.full(errors.DeadlockDetected()) == ""
    assert postgresql.full(ValueError("53200")) == ""
