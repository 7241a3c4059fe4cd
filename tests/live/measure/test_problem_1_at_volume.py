"""Report creation at volume: each order once, whatever the commits and wherever it is killed."""

from dataclasses import replace
from functools import partial

import pytest
from live.measure.conftest import ROWS
from sqlalchemy import delete, select

from harness.checks.verdict import Verdict
from harness.clock import Deadline, now_s, poll
from harness.engines import Isolation
from harness.loading.loader import driver_connection, held
from harness.measure.requests import CLERKS, Requests
from harness.measure.trial import Checked, Job, Stream, Trial
from schema.vehicle_maintenance import customer_report, maintenance_order, metadata
from workloads.vehicle_maintenance.measurements.problem_1 import (
    AGAIN,
    ALONE,
    BESIDE,
    TWICE,
    create_reports,
    reported_once,
)

pytestmark = pytest.mark.integration

VARIANTS = [("commit-every", "1"), ("commit-every", "7"), ("current", "all")]


def test_each_order_is_reported_once_and_what_it_took_is_told(problem_1):
    for variant, setting in VARIANTS:
        found = problem_1.conducted(variant, setting, ALONE)
        assert (found.verdict, found.broken, found.unknown) == (Verdict.HOLDS, (), ())
        assert found.figures == {"reported_orders": ROWS, "reported_twice": 0}
        assert found.elapsed_s > 0
        # Without a flush at each commit a log may be written a moment later.
        assert all(grown >= 0 for grown in found.log_bytes.values())
        assert (found.lock_use is not None) == problem_1.engine.capabilities[
            "shows lock memory"
        ].present


def test_killed_in_the_middle_and_run_again_each_order_is_reported_once(problem_1):
    for variant, setting in VARIANTS:
        found = problem_1.conducted(variant, setting, AGAIN)
        assert (found.verdict, found.broken, found.unknown) == (Verdict.HOLDS, (), ())
        (job,) = found.jobs
        assert [attempt.end for attempt in job.attempts] == ["killed", "returned"]


def test_clerks_are_served_beside_it(problem_1):
    found = problem_1.conducted("commit-every", "1", BESIDE)
    assert found.broken == ()
    assert [stream.title for stream in found.streams] == [
        "contract registration (契約登録)",
        "reservation registration (予約登録)",
    ]


def test_a_wait_is_counted_from_the_intended_start(problem_1):
    """Every order is locked until as many requests wait as there are clerks, and a few more."""
    arrived = []

    def asks(connection):
        arrived.append(connection)
        connection.execute(select(maintenance_order).with_for_update()).all()
        connection.commit()

    stream = Stream("clerk", 400.0, [asks])
    problem_1.original.put_back()
    where = problem_1.engine, problem_1.url, Isolation.READ_COMMITTED
    with problem_1.database.connect() as holder, Requests(*where, [stream], seed=1) as requests:
        holder.execute(select(maintenance_order).with_for_update()).all()
        began_s = now_s()
        requests.start()
        for _ in poll(Deadline.after(30), "clerks at work"):
            if len(arrived) == CLERKS and now_s() - began_s > 0.5:
                break
        held_s = now_s() - began_s
        holder.rollback()
        (found,) = requests.finish(Deadline.after(60))
    assert found.unanswered == 0
    assert found.waits.count > CLERKS, "some found every clerk waiting"
    # The first came soon after the beginning and waited for nearly all of it; to three figures.
    assert found.waits.longest_s > 0.5 * held_s


def test_two_runs_at_once_report_twice_and_the_check_says_so(problem_1):
    """A run that is begun again while its first still lives reads the same orders as due."""
    job = Job("report creation", partial(create_reports, every=1))
    again = Job("report creation again", partial(create_reports, every=1))
    found = problem_1.conduct(Trial(reported_once, [job, again]))
    ended = [job.attempts[-1].end for job in found.jobs]
    assert found.figures["reported_twice"] or "refused" in ended
    assert found.verdict is Verdict.VIOLATED


def test_two_runs_at_once_that_claim_each_order_report_it_once_between_them(problem_1):
    found = problem_1.conducted("begun twice, claiming", "10", TWICE)
    assert (found.broken, found.unknown) == ((), ())
    assert found.figures == {"reported_orders": ROWS, "reported_twice": 0}


def test_a_report_that_is_missing_and_an_order_that_is_still_due_are_told(problem_1):
    def check(connection):
        before = reported_once(connection)
        assert before.wrong == ()
        last = connection.execute(
            select(customer_report.c.maintenance_description)
            .order_by(customer_report.c.maintenance_start_date.desc())
            .limit(1)
        ).scalar_one()
        connection.execute(
            delete(customer_report).where(customer_report.c.maintenance_description == last)
        )
        return reported_once(connection)

    found = problem_1.conduct(replace(problem_1.cases["current", "all"].trials[ALONE], check=check))
    assert found.verdict is Verdict.VIOLATED
    assert found.figures["reported_orders"] <= ROWS
    never = problem_1.conduct(Trial(reported_once, [Job("nothing", _nothing)]))
    assert any("was due and not reported" in said for said in never.broken)
    assert any("is still due" in said for said in never.broken)


def test_every_trial_begins_with_the_rows_that_were_loaded(problem_1):
    def digests():
        with driver_connection(problem_1.database) as connection:
            return held(problem_1.engine, connection, metadata)

    before = digests()
    problem_1.conducted("current", "all", BESIDE)
    assert digests() != before
    problem_1.original.put_back()
    assert digests() == before


def test_requests_that_fail_are_unknown(problem_1):
    broken = Stream("clerk", 50.0, [_fails])
    found = problem_1.conduct(Trial(lambda _: Checked(), streams=[broken], alone_s=0.2))
    assert found.verdict is Verdict.UNKNOWN
    assert any("requests failed: ValueError: no such form" in said for said in found.unknown)


def _fails(_connection):
    raise ValueError("no such form")


def _nothing(_connection):
    return None
