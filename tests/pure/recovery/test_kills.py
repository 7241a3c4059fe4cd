"""What many kills say together."""

import threading
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from sqlalchemy import make_url

from harness.checks.durability import Durability, Ticket
from harness.checks.verdict import Verdict
from harness.engines import ENGINES
from harness.errors import Ended, NotReady, ServerError
from harness.faults.moment import Kind, Moment
from harness.faults.trigger import Trigger
from harness.recovery import crash
from harness.recovery.crash import CrashDrill
from harness.recovery.entries import ENTRIES
from harness.recovery.kills import CrashCell, Kill, summed
from harness.recovery.report import crash_document, crash_text, verdict_line
from harness.recovery.timing import Recovery

FINE = Durability(acknowledged=10, refused=2, indeterminate=1, present=1)
LOSS = Durability(acknowledged=10, lost=(Ticket("w1", 7),))
NOTHING = Durability(unknown=("no commit was acknowledged: nothing was at stake",))
MOMENT = Moment.parse("after commit 7")
RECOVERY = Recovery(0.02, 0.04, 0, 0.0, 1.5, 0.25, None, 0.001, 1.6, 40960)


def kill(told=FINE, **more):
    return Kill(1, MOMENT, told, RECOVERY, **more)


def cell(*kills, final=FINE, control="", unknown=()):
    made = CrashCell("e", "Engine", "1.2", "docker e:1", "entries", 1, control)
    made.kills += kills
    made.final = final
    made.unknown += unknown
    return made


def test_all_kills_and_the_end_must_hold():
    assert cell(kill(), kill()).verdict is Verdict.HOLDS
    assert cell(kill(), kill(LOSS)).verdict is Verdict.VIOLATED
    assert cell(kill(), final=LOSS).verdict is Verdict.VIOLATED


def test_what_is_not_known_is_never_fine():
    assert cell(kill(NOTHING)).verdict is Verdict.UNKNOWN
    assert cell(kill(), final=None).verdict is Verdict.UNKNOWN
    assert cell(final=None).verdict is Verdict.UNKNOWN
    assert cell(kill(), unknown=["the writers hung"]).verdict is Verdict.UNKNOWN


def test_server_that_does_not_come_back_is_violated_and_one_that_is_late_is_unknown():
    gone = kill(Durability(unknown=("the tables could not be read",)), trouble="does not start")
    late = kill(Durability(unknown=("?",)), trouble="not back: 120 s", unclear=True)
    assert cell(gone, final=None).verdict is Verdict.VIOLATED
    assert cell(late, final=None).verdict is Verdict.UNKNOWN


def test_negative_control_is_expected_to_lose():
    assert cell(kill(LOSS), control="careless").expected is Verdict.VIOLATED
    assert "as a negative control must" in verdict_line(cell(kill(LOSS), control="careless"))
    assert "the negative control was not caught" in verdict_line(cell(kill(), control="careless"))


def test_rounds_are_added_up():
    told = summed([FINE, LOSS])
    assert (told.acknowledged, told.refused, told.present, len(told.lost)) == (20, 2, 1, 1)


def test_table_names_the_moment_and_what_was_lost():
    text = str(crash_text(cell(kill(), kill(LOSS))))
    assert "after commit" in text
    assert "kill 1, after commit 7: 1 of 10 acknowledged transactions is lost: w1/7" in text
    assert "undo after opening, by the server's log" in text
    assert text.count("0 of 2") == 1


def test_recovery_that_was_not_measured_is_said():
    lost = Kill(1, MOMENT, FINE, None, trouble="does not start again")
    assert "no recovery was measured" in str(crash_text(cell(lost, final=None)))


def test_document_has_the_keys_of_all_documents():
    (entry,) = crash_document([cell(kill(), kill(LOSS))])["cells"]
    assert {"scenario", "variant", "engine", "version", "isolation", "verdict"} <= entry.keys()
    assert {"executions", "complete", "outcomes", "anomalies", "deadlocks"} <= entry.keys()
    assert {"executions_with_waits", "aborts", "finding", "elapsed_s"} <= entry.keys()
    assert entry["finding"]["schedule"] == "after commit 7"
    assert entry["kills"][0]["recovery"]["replay_s"] == 0.25


@pytest.mark.parametrize(
    ("made", "complete"),
    [
        (cell(kill(), kill(LOSS)), True),
        (cell(kill(LOSS), control="careless"), True),
        (cell(kill(LOSS, trouble="does not start"), final=None), False),
        (cell(kill(), unknown=["the writers hung"]), False),
        (cell(kill(NOTHING)), False),
        (cell(final=None), False),
    ],
    ids=["whole", "control", "not-back", "at-a-loss", "nothing-at-stake", "not-begun"],
)
def test_document_says_whether_all_that_was_planned_was_done_and_seen(made, complete):
    (entry,) = crash_document([made])["cells"]
    assert entry["complete"] is complete


def test_what_a_coarse_log_shows_as_nothing_is_less_than_its_step():
    coarse = Recovery(0.02, 0.04, 0, 0.0, 1.5, 0.0, None, 1.0, 1.6, 40960)
    text = str(crash_text(cell(Kill(1, MOMENT, FINE, coarse))))
    assert text.count("< 1 ") == 3
    assert "the server's log tells the time in steps of 1 s" in text


def test_what_a_control_does_not_break_is_as_bad_in_it_as_anywhere():
    torn = Durability(acknowledged=10, torn=(Ticket("w1", 7),))
    made = cell(kill(torn), control="careless")
    assert (made.verdict, made.expected) == (Verdict.VIOLATED, Verdict.HOLDS)
    assert "the negative control was not caught" in verdict_line(made)
    both = cell(kill(torn), kill(LOSS), control="careless")
    assert both.verdict is both.expected is Verdict.VIOLATED


class Dead:
    """A server that does not start again."""

    engine = ENGINES["postgresql"]

    def __init__(self, error):
        self._error = error

    def restart(self):
        raise self._error


@pytest.mark.parametrize(
    ("error", "unclear"),
    [
        (Ended("e: ended while starting (exit status 1)"), False),
        (NotReady("e: not ready after 120 s"), True),
        (ServerError("e: port 5432 is taken"), True),
    ],
)
def test_only_a_server_that_ends_by_itself_has_lost_something(error, unclear):
    drill = CrashDrill(Dead(error), make_url("postgresql+psycopg://h/d"), ENTRIES)
    back = drill._come_back(None)
    assert (back.up, back.unclear) == (False, unclear)
    assert back.trouble == f"does not start again: {error.message}"


class Fleet:
    """Writers that have begun, and one more that is in its statement at once."""

    def __init__(self):
        self.started = []

    def start(self, name, *_):
        self.started.append(name)
        return SimpleNamespace(in_statement=self.set_event())

    @staticmethod
    def set_event():
        event = threading.Event()
        event.set()
        return event

    def problem(self):
        return None

    def alive(self):
        return 1


def test_the_log_is_asked_once_more_when_the_long_statement_has_written(monkeypatch):
    """Else the recovery would be held against a log without the statement that it undoes."""
    drill = CrashDrill(Dead(None), make_url("postgresql+psycopg://h/d"), ENTRIES)
    moment, fleet = Moment(Kind.IN_STATEMENT, part=0.5), Fleet()
    monkeypatch.setattr(crash.asking, "connected", lambda *_: nullcontext())
    monkeypatch.setattr(drill, "_log_bytes", lambda _: 40_960 if fleet.started else 512)
    trigger = Trigger(moment)
    trigger.begun.set()
    assert drill._wait_for(moment, fleet, trigger) == 40_960
    assert fleet.started == ["bulk"]
