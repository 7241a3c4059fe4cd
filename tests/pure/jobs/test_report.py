"""What is said of a night: its verdict, its table, its picture."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from harness.checks.verdict import Verdict
from harness.engines import ENGINES, Isolation
from harness.errors import HarnessError
from harness.jobs.course import Action, JobEnd, NightRun, Outcome
from harness.jobs.job import Job
from harness.jobs.ledger import Entry, Event
from harness.jobs.network import Placement, build
from harness.jobs.night import Night
from harness.jobs.picture import draw
from harness.jobs.rehearsal import NightResult, NightSetting, Rehearsed, differences
from harness.jobs.report import night_document, night_lines, night_verdict, verdict_line
from harness.jobs.waits import LockWait
from harness.loading.digest import Digest

START = datetime(2024, 10, 15, 19, tzinfo=UTC)


def at(seconds):
    return START + timedelta(seconds=seconds)


@pytest.fixture
def setting():
    jobs = [Job("a", "甲"), Job("b", "乙")]
    placement = Placement("made", "for a test", {"a": 1, "b": 2})
    night = Night(
        "made", "a night (夜)", "", jobs, ["T1", "T2", "T3"], {"made": placement}, None,
        frozenset(), None,
    )  # fmt: skip
    network = build(jobs, ["T1", "T2", "T3"], placement)
    actions = {"T1": Action.CHECKPOINT, "T2": Action.NOTHING, "T3": Action.NOTHING}
    level = Isolation.READ_COMMITTED
    return NightSetting(night, network, 0.01, 1, date(2024, 10, 15), actions, 4, level)


def rehearsed(*, b=Outcome.ENDED, stopped="", total=1, files=None, waits=()):
    times = [
        (0, Event.REACHED, "T1"), (1, Event.PASSED, "T1"), (4, Event.REACHED, "T2"),
        (5, Event.PASSED, "T2"), (10, Event.REACHED, "T3"), (10, Event.PASSED, "T3"),
    ]  # fmt: skip
    entries = tuple(Entry(n, at(s), event, name) for n, (s, event, name) in enumerate(times, 1))
    began = None if b is Outcome.NOT_STARTED else at(5)
    ends = {
        "a": JobEnd("a", Outcome.ENDED, "3 rows", at(1), at(4), 1),
        "b": JobEnd("b", b, "", began, began and at(10), 2),
    }
    run = NightRun(ends, entries, tuple(waits), stopped)
    return Rehearsed(run, {"t": Digest(2, total)}, files or {})


def result_of(setting, at_once, in_sequence=None, engine="postgresql"):
    found = NightResult(ENGINES[engine], "1.2", "made", setting, at_once, in_sequence)
    if in_sequence is not None:
        found.differing = differences(at_once, in_sequence)
    return found


FAILED = {"b": Outcome.FAILED, "stopped": "b failed: no"}
LOST = {"b": Outcome.LOST, "stopped": "b lost: gone"}
IDLE = {"b": Outcome.NOT_STARTED, "stopped": "the server is gone"}


@pytest.mark.parametrize(
    ("once", "sequence", "verdict", "words"),
    [
        ({}, {}, Verdict.HOLDS, "2 nights on 1 engine came to an end, and the tables end alike"),
        ({}, None, Verdict.HOLDS, "one night on 1 engine came to an end, and there is nothing"),
        (FAILED, None, Verdict.VIOLATED, "the night on"),
        (LOST, None, Verdict.UNKNOWN, "the night on"),
        (IDLE, None, Verdict.UNKNOWN, "the night on"),
        ({}, LOST, Verdict.UNKNOWN, "the night on"),
        ({}, {"total": 2}, Verdict.VIOLATED, "the night on"),
        ({}, {"files": {"f": "0"}}, Verdict.VIOLATED, "the night on"),
    ],
)
def test_the_verdict_of_one_engine(setting, once, sequence, verdict, words):
    other = None if sequence is None else rehearsed(**sequence)
    result = result_of(setting, rehearsed(**once), other)
    assert night_verdict([result]) is verdict
    assert verdict_line([result]).startswith(f"{verdict.value}: {words}")


def test_a_second_night_that_gave_nothing_is_unknown_and_the_first_is_told(setting):
    result = result_of(setting, rehearsed())
    result.planned = 2
    assert night_verdict([result]) is Verdict.UNKNOWN
    assert night_document([result])["cells"][0]["complete"] is False
    assert "in sequence: nothing is known of that night" in [*night_lines(result)]
    failed = result_of(setting, rehearsed(**FAILED))
    failed.planned = 2
    assert night_verdict([failed]) is Verdict.VIOLATED


def test_engines_that_end_otherwise_violate(setting):
    one = result_of(setting, rehearsed())
    other = result_of(setting, rehearsed(total=9), engine="mysql")
    assert night_verdict([one, one]) is Verdict.HOLDS
    assert night_verdict([one, other]) is Verdict.VIOLATED
    assert verdict_line([one, other]) == "violated: the engines differ in t"
    assert night_document([one, other])["engines_differ_in"] == ["t"]


def test_an_engine_that_was_cut_off_is_unknown_and_does_not_differ(setting):
    one = result_of(setting, rehearsed())
    other = result_of(setting, rehearsed(total=9, **LOST), engine="mysql")
    assert night_verdict([one, other]) is Verdict.UNKNOWN


def test_no_night_at_all_is_unknown():
    assert night_verdict([]) is Verdict.UNKNOWN


def test_the_table_says_when_and_how_long(setting):
    wait = LockWait("b", ("a",), at(6), at(8))
    lines = list(night_lines(result_of(setting, rehearsed(waits=[wait]))))
    assert lines[0] == "PostgreSQL 1.2, made"
    assert lines[1].split() == ["job", "began", "ended", "commits", "waited", "outcome"]
    assert lines[2].split()[:6] == ["T1", "0.00", "s", "1.00", "s", "checkpoint"]
    assert lines[3].split()[:7] == ["a", "(甲)", "1.00", "s", "4.00", "s", "1"]
    assert lines[5].split()[:10] == [
        *("b", "(乙)", "5.00", "s", "10.00", "s", "2", "2.00", "s", "ended")
    ]
    assert lines[7] == "b waited for a, about 2.00 s"


def test_the_table_of_a_night_that_stopped(setting):
    lines = list(night_lines(result_of(setting, rehearsed(**IDLE))))
    assert lines[-2:] == ["stopped: the server is gone", "not begun: b"]


def test_the_document_has_every_job_and_milestone(setting):
    document = night_document([result_of(setting, rehearsed(), rehearsed())])
    (cell,) = document["cells"]
    assert (cell["executions"], cell["complete"], cell["verdict"]) == (2, True, "holds")
    assert cell["at_once"]["jobs"]["a"]["began_s"] == 1
    assert cell["at_once"]["milestones"]["T2"] == {"reached_s": 4, "passed_s": 5}
    assert cell["at_once"]["tables"]["t"]["rows"] == 2


def test_a_picture_is_drawn_and_a_folder_that_is_missing_told(setting, tmp_path):
    wait = LockWait("b", ("a",), at(6), at(8))
    result = result_of(setting, rehearsed(waits=[wait]))
    draw(result, tmp_path / "night.svg")
    text = (tmp_path / "night.svg").read_text("utf-8")
    for word in (">T1<", ">T3<", ">a<", ">b<", "a night on PostgreSQL 1.2"):
        assert word in text
    draw(result_of(setting, rehearsed(**IDLE)), tmp_path / "cut.svg")
    with pytest.raises(HarnessError, match="cannot be written: no such file"):
        draw(result, tmp_path / "none" / "night.svg")
