"""How the night stands, told by a window or by a ledger."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harness.errors import UsageError
from harness.jobs.ledger import Entry, Event
from harness.jobs.standing import Standing, crash_in, standing_of


@pytest.fixture
def network(make):
    return make(a=(1,), b=(1,), c=(2, "a"), d=(2, "c"))


def entries(text):
    """'started a, committed a, ended a' as entries."""
    said = [words.split() for words in text.split(",")] if text else []
    return [
        Entry(no, datetime.now(UTC), Event(event), subject)
        for no, (event, subject) in enumerate(said, start=1)
    ]


def states(moment):
    return "".join(standing.name[0] for standing in moment.jobs.values())


def test_a_crash_in_a_window_finds_it_at_work_and_the_one_before_over(network):
    moment = crash_in(network, 2)
    # d follows c, so it cannot be at work beside it.
    assert states(moment) == "EESN"
    assert moment.passed == {"T1", "T2"}
    assert moment.checkpointed == frozenset()
    assert crash_in(network, 2, checkpoints=["T2"]).checkpointed == {"a", "b"}
    assert crash_in(network, 2, checkpoints=["T1"]).checkpointed == frozenset()
    assert states(crash_in(network, 2, ended=["c"])) == "EEES"
    assert states(crash_in(network, 1, not_started=["b"])) == "SNNN"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"window": 3}, "window 3: the night has windows 1 to 2"),
        ({"window": 0}, "window 0"),
        ({"window": 1, "checkpoints": ["T2"]}, "checkpoint at T2: lies behind"),
        ({"window": 1, "checkpoints": ["T9"]}, "milestone 'T9': unknown"),
        ({"window": 1, "ended": ["c"]}, "job 'c': is not of window 1"),
        ({"window": 1, "ended": ["x"]}, "job 'x': unknown"),
        ({"window": 2, "ended": ["d"]}, "job 'd': cannot have ended before what it follows"),
    ],
)
def test_what_cannot_have_been_is_refused(network, said, text):
    with pytest.raises(UsageError, match=text):
        crash_in(network, **said)


@pytest.mark.parametrize(
    ("text", "jobs", "checkpointed"),
    [
        ("", "NNNN", ""),
        ("reached T1,passed T1,started a", "SNNN", ""),
        ("started a,committing a", "SNNN", ""),
        ("started a,committing a,committed a", "SNNN", ""),
        ("started a,failed a", "SNNN", ""),
        ("started a,ended a,started b,checkpoint T2", "ESNN", "a"),
        ("started a,ended a,checkpoint T2,started b,ended b", "EENN", "a"),
        ("started a,ended a,checkpoint T2,reopened a", "SNNN", ""),
        ("started a,ended a,checkpoint T2,reopened a,started a,ended a", "ENNN", ""),
    ],
)
def test_a_ledger_tells_how_each_job_stands(network, text, jobs, checkpointed):
    moment = standing_of(network, entries(text))
    assert states(moment) == jobs
    assert moment.checkpointed == set(checkpointed)


def test_milestones_behind_a_reopened_job_are_to_be_passed_again(network):
    text = "passed T1,started a,ended a,started b,ended b,passed T2,started c,reopened a"
    assert standing_of(network, entries(text)).passed == {"T1"}
    assert standing_of(network, entries(text.removesuffix(",reopened a"))).passed == {"T1", "T2"}


def test_commits_are_counted(network):
    moment = standing_of(network, entries("started a,committed a,committed a"))
    assert moment.units == {"a": 2}
    assert moment.those(Standing.STARTED) == ["a"]


@pytest.mark.parametrize("text", ["started x", "passed a", "ended T1"])
def test_the_ledger_of_another_night_is_refused(network, text):
    with pytest.raises(UsageError) as refused:
        standing_of(network, entries(text))
    assert "is it the ledger of another night" in refused.value.explain()
