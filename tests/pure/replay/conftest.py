"""A small day, and what may come of it."""

from collections import Counter

import pytest

from harness.checks.invariant import Invariant
from harness.replay.day import Day, Job, OnlineProgram, Prepared, RowCounts
from harness.replay.plan import Pace
from harness.replay.replayer import Replayed
from harness.replay.tally import End, Tally


def nothing(connection, request=None):
    """A program."""


PROGRAMS = {name: OnlineProgram(name, name, nothing, 100) for name in ("inquiry", "booking")}


@pytest.fixture
def day() -> Day:
    return Day(
        "shop",
        "a shop",
        "shop",
        9 * 3600.0,
        19 * 3600.0,
        PROGRAMS,
        lambda _connection, _circumstances: Prepared({}, ()),
        expected_rows={"booking": RowCounts(100, 40), "count": RowCounts(100, 40)},
        source="a guess",
        invariants=(Invariant("always", lambda _connection: None, lambda _history: None),),
    )


@pytest.fixture
def pace() -> Pace:
    return Pace(speed=3600, processes=2, connections=2)


@pytest.fixture
def prepared() -> Prepared:
    return Prepared(
        {"inquiry": list(range(30)), "booking": list(range(5))}, [[Job("count", "count", nothing)]]
    )


def tally(committed=10, lag_s=0.001, latency_s=0.004, **ends) -> Tally:
    """What came of a program's requests."""
    found = Tally()
    for number in range(committed):
        found.record(End.COMMITTED, lag_s, latency_s, number)
    found.ends += Counter({End(name): n for name, n in ends.items()})
    return found


def replayed(**programs) -> Replayed:
    return Replayed(tallies=programs, online_s=10.0, elapsed_s=10.5)
