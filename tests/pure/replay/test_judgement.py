"""A verdict: holds, violated, or unknown with its reason."""

from dataclasses import replace

import pytest
from pure.replay.conftest import replayed, tally

from harness.checks.verdict import Verdict
from harness.replay.arrivals import Arrival
from harness.replay.judgement import judge
from harness.replay.plan import plan_day


@pytest.fixture
def plan(day, pace, prepared):
    return plan_day(day, pace, [Arrival(32400.0 + n, "inquiry") for n in range(10)], prepared)


def test_all_ended_in_time_and_nothing_broken_holds(plan):
    assert judge(plan, replayed(inquiry=tally()), []) == (Verdict.HOLDS, [])


def test_refused_and_declined_requests_are_answers_and_hold(plan):
    found = replayed(inquiry=tally(refused=2, declined=3))
    assert judge(plan, found, [])[0] is Verdict.HOLDS


def test_a_broken_invariant_is_violated_however_the_load_was(plan):
    verdict, reasons = judge(plan, replayed(inquiry=tally(lag_s=1.0)), ["points are lost"])
    assert verdict is Verdict.VIOLATED
    assert reasons, "and the figures still mean nothing"


def test_a_generator_that_did_not_keep_up_is_unknown(plan):
    late = tally(committed=100, lag_s=0.05)
    late.found_busy = 7
    assert judge(plan, replayed(inquiry=late), []) == (
        Verdict.UNKNOWN,
        [
            "the generator did not keep up: lag p99 50.0 ms is above 20 ms; 7 requests found "
            "every connection of their program at work"
        ],
    )


def test_a_generator_that_had_no_time_left_says_so(plan):
    late = replayed(inquiry=tally(lag_s=0.05))
    late.computed_s = 19.6  # two processes, ten seconds
    (reason,) = judge(plan, late, [])[1]
    assert reason.endswith("is above 20 ms; its processes computed for 98% of the time")


def test_few_late_requests_among_many_are_within_the_bound(plan):
    found = tally(committed=1000)
    found.add(tally(committed=5, lag_s=1.0))
    assert judge(plan, replayed(inquiry=found), [])[0] is Verdict.HOLDS


def test_requests_that_never_began_are_unknown(plan):
    assert judge(plan, replayed(inquiry=tally(committed=7)), []) == (
        Verdict.UNKNOWN,
        ["3 of 10 requests were not replayed"],
    )


def test_a_day_without_invariants_judges_nothing(plan):
    bare = replace(plan, day=replace(plan.day, invariants=()))
    verdict, reasons = judge(bare, replayed(inquiry=tally()), [])
    assert verdict is Verdict.UNKNOWN
    assert "the day has no invariants: nothing was judged" in reasons


def test_no_evidence_is_unknown(plan):
    assert judge(plan, replayed(), []) == (Verdict.UNKNOWN, ["no request has ended"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"interrupted": True}, "interrupted after 10.5 s: the rest was not replayed"),
        ({"overdue": True}, "what was under way did not end, and was given up"),
        ({"died": 1}, "1 generator processes ended before their time"),
        ({"unfinished": 2}, "2 connections were still at work at the end"),
        (
            {"jobs": [{"job": "count", "end": "refused", "refusals": {"deadlock 40P01": 3}}]},
            "count: refused: deadlock 40P01; what follows it was not begun",
        ),
        ({"jobs": [{"job": "count", "end": None}]}, "count: did not come to its end"),
    ],
)
def test_what_was_not_seen_to_its_end_is_unknown(plan, changes, said):
    found = replayed(inquiry=tally())
    for name, value in changes.items():
        setattr(found, name, value)
    assert judge(plan, found, []) == (Verdict.UNKNOWN, [said])


@pytest.mark.parametrize("end", ["lost", "failed"])
def test_a_request_whose_end_is_not_known_is_unknown(plan, end):
    found = tally(**{end: 1})
    found.errors["OperationalError: gone"] += 1
    verdict, (reason,) = judge(plan, replayed(inquiry=found), [])
    assert verdict is Verdict.UNKNOWN
    assert reason.startswith("inquiry: 1 requests ")
    assert reason.endswith("OperationalError: gone")


def test_a_silent_server_is_unknown(plan):
    verdict, reasons = judge(plan, replayed(inquiry=tally()), [], ["the server did not answer"])
    assert (verdict, reasons) == (Verdict.UNKNOWN, ["the server did not answer"])
