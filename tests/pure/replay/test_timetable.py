"""When the stages of a batch begin."""

import pytest

from harness.replay.arrivals import Arrival
from harness.replay.day import Job
from harness.replay.plan import BatchTime, Pace, plan_day
from harness.replay.replayer import timetable


def job(due_s=None, name="count"):
    return Job(name, name, print, due_s)


@pytest.fixture
def plan(day, prepared):
    """Nine to nineteen in ten seconds, cut after five."""
    pace = Pace(speed=3600, processes=1, connections=1, duration_s=5)
    return plan_day(day, pace, [Arrival(9 * 3600.0, "inquiry")], prepared)


def test_what_is_due_begins_then_and_what_comes_after_the_cut_is_left_out(plan):
    stages = [[job(10 * 3600.0), job(11 * 3600.0)], [job(18 * 3600.0)]]
    assert timetable(stages, BatchTime.BESIDE, plan) == [(2.0, stages[0])]


def test_what_is_not_due_begins_when_a_part_of_online_time_is_over(plan):
    stages = [[job()], [job()]]
    assert timetable(stages, BatchTime.BESIDE, plan) == [(0.5, stages[0]), (0.5, stages[1])]


def test_after_online_time_each_program_follows_at_once_and_alone(plan):
    twice, other = job(10 * 3600.0), job(18 * 3600.0, name="other")
    stages = [[twice, other, twice], [other]]
    found = timetable(stages, BatchTime.AFTER, plan)
    assert found == [(0.0, [twice, twice]), (0.0, [other]), (0.0, [other])]
