"""A plan gives every arrival its request and its moment."""

import pytest
from pure.replay.conftest import PROGRAMS

from harness.errors import UsageError
from harness.replay.arrivals import Arrival
from harness.replay.day import Prepared
from harness.replay.plan import Pace, plan_day

NINE = 9 * 3600.0


def arrivals(*pairs):
    return [Arrival(NINE + after_s, name) for after_s, name in pairs]


def test_requests_are_due_at_their_moments_as_fast_as_was_said(day, pace, prepared):
    plan = plan_day(day, pace, arrivals((0, "inquiry"), (3600, "inquiry")), prepared)
    assert plan.length_s == 10
    assert plan.shares[0].requests == {"inquiry": [(0.0, 0)]}
    assert plan.shares[1].requests == {"inquiry": [(1.0, 1)]}
    assert plan.counts == {"inquiry": 2}


def test_each_process_gets_every_other_request_of_each_program(day, pace, prepared):
    came = arrivals(*((n, "inquiry") for n in range(7)), *((n, "booking") for n in range(4)))
    plan = plan_day(day, pace, came, prepared)
    numbers = [[request for _, request in share.requests["inquiry"]] for share in plan.shares]
    assert numbers == [[0, 2, 4, 6], [1, 3, 5]]
    assert plan.total == 11


def test_a_duration_cuts_the_day(day, prepared):
    pace = Pace(3600, 1, 1, duration_s=2.0)
    plan = plan_day(day, pace, arrivals((7000, "inquiry"), (7300, "inquiry")), prepared)
    assert (plan.total, plan.length_s) == (1, 2.0)


def test_more_arrivals_than_the_database_has_something_for(day, pace, prepared):
    with pytest.raises(UsageError) as caught:
        plan_day(day, pace, arrivals(*((n, "booking") for n in range(6))), prepared)
    assert caught.value.message == (
        "database too small: booking has something to do for 5 requests, and 6 arrive"
    )


def test_nothing_to_replay_is_refused(day, prepared):
    pace = Pace(3600, 1, 1, duration_s=1.0)
    with pytest.raises(UsageError, match="nothing to replay"):
        plan_day(day, pace, arrivals((7300, "inquiry")), prepared)


@pytest.mark.parametrize("after_s", [-1, 36_001])
def test_an_arrival_outside_online_time_is_refused(day, pace, prepared, after_s):
    with pytest.raises(UsageError, match="outside online time, 9:00:00 to 19:00:00"):
        plan_day(day, pace, arrivals((after_s, "inquiry")), prepared)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused(speed):
    with pytest.raises(UsageError, match="must be above 0"):
        Pace(speed, 1, 1)


def test_a_program_nobody_prepared_has_nothing_to_do(day, pace):
    assert "booking" in PROGRAMS
    with pytest.raises(UsageError, match="something to do for 0 requests"):
        plan_day(day, pace, arrivals((1, "booking")), Prepared({}, ()))
