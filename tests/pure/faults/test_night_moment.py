"""Moments of a night: every milestone and every job is met before the commits in between."""

from datetime import UTC, datetime

import pytest

from harness.errors import UsageError
from harness.faults.night_moment import NightMoment, night_moments
from harness.jobs.ledger import Entry, Event

AT = datetime(2024, 10, 15, 19, 0, tzinfo=UTC)


def recorded(*lines):
    said = [line.split() for line in lines]
    return [
        Entry(number, AT, Event(event), subject, int(unit[0]) if unit else 0)
        for number, (event, subject, *unit) in enumerate(said, start=1)
    ]


NIGHT = recorded(
    "reached T1",
    "passed T1",
    "started rows",
    *(f"{event} rows {unit}" for unit in range(1, 8) for event in ("committing", "committed")),
    "ended rows 7",
    "reached T2",
    "passed T2",
)


def test_all_entries_are_moments_and_some_time_inside_each_job():
    drawn = night_moments(NIGHT, 1000, seed=1)
    assert len(set(drawn)) == len(drawn) == len(NIGHT) + 1
    assert [moment.subject for moment in drawn if moment.is_inside] == ["rows"]


def test_milestones_and_the_ends_of_jobs_come_first():
    drawn = [str(moment) for moment in night_moments(NIGHT, 7, seed=1)]
    assert drawn[:2] == ["passed T1", "passed T2"]
    assert {"started rows", "committing rows 1", "committed rows 1", "ended rows 7"} <= set(drawn)


def test_a_short_run_is_drawn_from_the_whole_night():
    drawn = [night_moments(NIGHT, 2, seed) for seed in range(20)]
    assert len({moment for some in drawn for moment in some}) > 3


def test_every_moment_survives_being_printed_and_read():
    for moment in night_moments(NIGHT, 1000, seed=3):
        assert NightMoment.parse(str(moment)) == moment


def test_a_moment_knows_its_entry():
    moment = NightMoment.parse("committing rows 3")
    assert [entry.no for entry in NIGHT if moment.is_entry(entry)] == [8]


@pytest.mark.parametrize("text", ["", "failed rows", "inside rows", "inside rows 2", "passed"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(UsageError, match="moment of a night"):
        NightMoment.parse(text)


def test_the_end_of_a_job_is_a_moment_however_often_it_had_committed():
    for text in ("ended rows", "ended rows 7"):
        assert [entry.no for entry in NIGHT if NightMoment.parse(text).is_entry(entry)] == [18]
    assert not any(NightMoment.parse("committing rows").is_entry(entry) for entry in NIGHT)
