"""Work that a job is refused counts as done only where the refusal says so."""

from __future__ import annotations

from types import SimpleNamespace

import pymysql
import pytest
from psycopg import errors
from sqlalchemy.exc import IntegrityError

from harness.engines import ENGINES
from harness.jobs.course import Course, Outcome
from harness.jobs.job import Job, Rerun
from harness.jobs.network import Placement, build
from harness.jobs.work import _outcome


class WorkIsDoneError(Exception):
    """A program's own word for it."""


def refused(driver_error):
    return IntegrityError("insert", {}, driver_error)


def outcome(error, rerun=Rerun.REFUSES, engine="mysql", *, sent=True):
    jobs = [Job("a", "a", rerun=rerun)]
    network = build(jobs, ("T1", "T2"), Placement("made", "", {"a": 1}))
    place = SimpleNamespace(
        engine=ENGINES[engine],
        prepared=SimpleNamespace(already_done=(WorkIsDoneError, IntegrityError)),
        course=Course(network),
    )
    return _outcome(place, "a", error, sent=sent)


DUPLICATES = [
    ("mysql", pymysql.err.IntegrityError(1062, "Duplicate entry")),
    ("mariadb", pymysql.err.IntegrityError(1062, "Duplicate entry")),
    ("postgresql", errors.UniqueViolation("duplicate key")),
]
OTHERS = [
    ("mysql", pymysql.err.IntegrityError(1452, "a foreign key constraint fails")),
    ("mariadb", pymysql.err.IntegrityError(4025, "CONSTRAINT failed")),
    ("mysql", pymysql.err.IntegrityError(1048, "cannot be null")),
    ("postgresql", errors.ForeignKeyViolation("no parent")),
    ("postgresql", errors.CheckViolation("a check")),
]


@pytest.mark.parametrize(("engine", "error"), DUPLICATES)
def test_a_key_that_is_there_means_that_the_commit_had_arrived(engine, error):
    assert outcome(refused(error), engine=engine) is Outcome.DONE_BEFORE
    assert outcome(refused(error), engine=engine, sent=False) is Outcome.FAILED


@pytest.mark.parametrize(("engine", "error"), OTHERS)
def test_another_constraint_is_a_failure(engine, error):
    assert outcome(refused(error), engine=engine) is Outcome.FAILED


@pytest.mark.parametrize("rerun", [Rerun.GOES_ON, Rerun.REPEATS, Rerun.DOUBLES])
def test_a_job_that_can_run_again_is_not_done_because_it_was_refused(rerun):
    """It was cut off between two of its commits: the rest of its work is still to be done."""
    for error in (refused(DUPLICATES[0][1]), WorkIsDoneError()):
        assert outcome(error, rerun) is Outcome.FAILED


def test_a_programs_own_word_counts_if_a_commit_was_sent():
    assert outcome(WorkIsDoneError()) is Outcome.DONE_BEFORE
    assert outcome(WorkIsDoneError(), sent=False) is Outcome.FAILED
    assert outcome(ValueError("the paper ran out")) is Outcome.FAILED
