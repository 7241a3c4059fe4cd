"""Parallel jobs of inspection rate update at volume: the right sums, or the loss is told."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.measure.trial import Job, Trial
from schema.vehicle_maintenance import inspection_sheet
from workloads.vehicle_maintenance.measurements.problem_3 import AGAIN, RUN

pytestmark = pytest.mark.integration

MENDED = (
    "contract-order-locking-read",
    "contract-order-addition",
    "numbered-by-contract-locking-read",
    "numbered-by-contract-addition",
)


def test_one_job_of_every_variant_gives_the_right_sums(problem_3):
    for (variant, setting), case in problem_3.cases.items():
        if setting == "1 job":
            found = problem_3.conduct(case.trials[RUN])
            assert (variant, found.broken, found.unknown) == (variant, (), ())
            assert found.figures == {"rows": 40, "points_lost": 0, "sheets_wrong": 0}


@pytest.mark.parametrize("variant", MENDED)
def test_two_jobs_of_a_mended_variant_give_the_right_sums_also_when_one_is_killed(
    problem_3, variant
):
    case = problem_3.cases[variant, "2 jobs"]
    assert not case.breaks
    for trial in (RUN, AGAIN):
        found = problem_3.conduct(case.trials[trial])
        assert (found.broken, found.unknown) == ((), ())
    assert [attempt.end for attempt in found.jobs[0].attempts] == ["killed", "returned"]


def test_points_that_are_lost_or_too_many_are_told(problem_3):
    trial = problem_3.cases["current", "1 job"].trials[RUN]
    points = inspection_sheet.c.actual_points

    def tampered(change):
        def check(connection):
            first = select(inspection_sheet.c.contract_no).order_by("contract_no").limit(1)
            number = connection.execute(first).scalar_one()
            connection.execute(
                update(inspection_sheet)
                .where(inspection_sheet.c.contract_no == number)
                .values(actual_points=points + change)
            )
            return trial.check(connection)

        return check

    lost = problem_3.conduct(replace(trial, check=tampered(-3)))
    assert (lost.verdict, lost.broken) == (Verdict.VIOLATED, ("3 points are lost on 1 sheets",))
    many = problem_3.conduct(replace(trial, check=tampered(3)))
    assert many.broken == ("3 points too many on 1 sheets",)


def test_a_job_that_the_server_refuses_is_run_again(problem_3):
    """At repeatable read a stale write is refused, or the engine lets it pass and points are lost.

    What is refused again and again is given up; whatever comes, it is told.
    """
    trial = problem_3.cases["contract-order-locking-read", "2 jobs"].trials[RUN]
    found = problem_3.conduct(trial, Isolation.REPEATABLE_READ)
    assert found.unknown == ()
    assert all(job.attempts[-1].end == "returned" for job in found.jobs)
    assert found.figures["points_lost"] == 0


def test_a_job_that_fails_is_unknown_and_the_next_trial_is_measured(problem_3):
    trial = problem_3.cases["current", "1 job"].trials[RUN]
    failed = problem_3.conduct(Trial(trial.check, [Job("job", _fails)]))
    assert failed.unknown == ("job: ValueError: no file came",)
    # Nothing was added up either, and the check says that.
    assert failed.verdict is Verdict.VIOLATED
    assert problem_3.conduct(trial).verdict is Verdict.HOLDS


def _fails(_connection):
    raise ValueError("no file came")
