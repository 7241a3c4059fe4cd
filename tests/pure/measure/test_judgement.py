"""What a run shows: nothing wrong, something broken, or nothing at all."""

import pytest
from pure.measure.made import (
    DEADLOCK,
    KILLED,
    RETURNED,
    STALE,
    job,
    measured,
    result,
    stream,
)

from harness.checks.verdict import Verdict
from harness.measure.judgement import LAG_MAX_S, broken_by, unknown_by
from harness.measure.trial import Attempt


def test_jobs_that_returned_and_requests_in_time_break_nothing_and_leave_nothing_open():
    jobs, streams = [job(RETURNED)], [stream(0.01, 0.02)]
    assert broken_by(jobs, streams, ()) == ()
    assert unknown_by(jobs, streams) == ()
    assert measured().verdict is Verdict.HOLDS


def test_a_job_that_a_deadlock_ended_is_broken_though_it_was_run_again():
    found = broken_by([job(DEADLOCK, DEADLOCK, RETURNED)], [], ("7 points are lost",))
    assert found == ("7 points are lost", "job: ended by a deadlock 2 times (1213)")
    assert measured(broken=found, unknown=("?",)).verdict is Verdict.VIOLATED


def test_a_job_that_a_constraint_ended_is_broken_and_no_riddle():
    jobs = [job(Attempt("refused", "23505", "constraint"))]
    assert broken_by(jobs, [], ()) == ("job: ended in the middle, refused by a constraint (23505)",)
    assert unknown_by(jobs, []) == ()


def test_a_stale_write_that_is_refused_and_run_again_breaks_nothing():
    assert broken_by([job(STALE, RETURNED)], [stream(0.1, refusals={"40001": 1})], ()) == ()


def test_a_request_that_gave_up_waiting_is_broken():
    clerk = stream(50.0, refusals={"1205": 1}, timeouts=frozenset({"1205"}))
    assert broken_by([], [clerk], ()) == (
        "clerk: 1 of 1 requests gave up waiting for a lock (1205)",
    )


@pytest.mark.parametrize(
    ("jobs", "streams", "said"),
    [
        ([job(STALE, STALE)], [], "job: not done after 2 runs; the last was refused (40001)"),
        ([job(Attempt("raised", "gone"))], [], "job: gone"),
        ([], [stream()], "clerk: no request was answered"),
        ([], [stream(0.1, unanswered=2)], "clerk: 2 requests were never answered"),
        ([], [stream(0.1, errors=("lost", "lost"))], "clerk: 2 requests failed: lost"),
    ],
)
def test_what_did_not_come_to_its_end_is_unknown(jobs, streams, said):
    assert unknown_by(jobs, streams) == (said,)
    assert measured(unknown=(said,)).verdict is Verdict.UNKNOWN


def test_a_generator_that_did_not_keep_up_makes_the_waits_unknown():
    (said,) = unknown_by([], [stream(0.1, lag_s=2 * LAG_MAX_S)])
    assert said.startswith("clerk: the generator did not keep up: 1 % of the requests were handed ")
    assert unknown_by([], [stream(0.1, lag_s=0.9 * LAG_MAX_S)]) == ()


def test_a_job_that_should_have_been_killed_and_was_not_shows_nothing():
    assert unknown_by([job(RETURNED)], [], kill=True) == (
        "job: was to be killed in the middle, and was not",
    )
    assert unknown_by([job(KILLED, RETURNED)], [], kill=True) == ()


def test_a_case_of_which_a_trial_is_missing_is_unknown():
    assert result(measured(), trials=1).verdict is Verdict.HOLDS
    assert result(measured(), trials=2).verdict is Verdict.UNKNOWN
    assert result(trials=1).verdict is Verdict.UNKNOWN
    assert result(measured(broken=("x",)), trials=2).verdict is Verdict.VIOLATED


def test_a_violation_is_news_unless_the_variant_is_known_to_break():
    broken = measured(broken=("x",))
    assert result(broken).is_news
    assert not result(broken, breaks=True).is_news
    assert not result(measured(), breaks=True).is_news


def test_elapsed_is_from_the_first_start_to_the_last_end():
    jobs = (job(RETURNED, started_s=1.0, ended_s=2.0), job(RETURNED, started_s=1.5, ended_s=4.0))
    assert measured(jobs).elapsed_s == 3.0
    assert measured().elapsed_s is None
