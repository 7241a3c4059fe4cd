"""A night with a kill is compared with the night in peace, table by table and file by file."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from harness.checks.durability import Durability, Ticket
from harness.checks.verdict import Verdict
from harness.engines import ENGINES
from harness.errors import ServerError
from harness.faults.night_moment import NightMoment
from harness.jobs.course import JobEnd, NightRun, Outcome
from harness.jobs.ledger import Entry, Event
from harness.jobs.night import chosen_night
from harness.loading.digest import Digest
from harness.planning.restart import Failure
from harness.recovery.night_report import (
    NightCell,
    night_document,
    night_text,
    night_verdict_line,
)
from harness.recovery.nights import Finished, NightDrill, NightKill, NightSetting, _Killer

PEACE = Finished({"bill": Digest(2, 255), "member": Digest(1, 7)}, {"requests.csv": b"a"})
MOMENT = NightMoment("passed", "T2")


def kill(**more):
    return NightKill(1, MOMENT, **more)


def cell(*kills, without_rule=""):
    made = NightCell("e", "Engine", "1.2", "docker", "n", "main", "UNLOGGED", 0.1, 1, without_rule)
    made.kills += kills
    return made


def test_the_same_end_has_no_differences():
    assert PEACE.differences(Finished(dict(PEACE.digests), dict(PEACE.files))) == []


def test_each_difference_is_said_with_both_values():
    other = Finished({"bill": Digest(3, 1)}, {"requests.csv": b"b"})
    assert PEACE.differences(other) == [
        "table bill: has 3 rows, digest 0000000000000001, and has 2 rows, digest "
        "00000000000000ff in the night in peace",
        "table member: is missing, and has 1 rows, digest 0000000000000007 in the night in peace",
        "file requests.csv: differs from that of the night in peace",
    ]


def test_verdict_of_one_kill():
    assert kill().verdict is Verdict.HOLDS
    assert kill(wrong=["table bill: differs"]).verdict is Verdict.VIOLATED
    assert kill(unknown=["the moment did not come"]).verdict is Verdict.UNKNOWN
    lost = Durability(acknowledged=1, lost=(Ticket("w1", 1),))
    assert kill(online=lost).verdict is Verdict.VIOLATED


def test_online_load_of_which_nothing_is_known_makes_the_kill_unknown():
    idle = Durability(unknown=("no commit was acknowledged: nothing was at stake",))
    assert kill(online=idle).verdict is Verdict.UNKNOWN
    assert kill(online=idle).sentences() == [f"online: {said}" for said in idle.sentences()]


def test_no_kill_is_unknown():
    assert cell().verdict is Verdict.UNKNOWN


def test_planner_with_a_rule_less_is_expected_to_be_caught():
    caught = cell(kill(wrong=["table bill: differs"]), without_rule="lost is redefined")
    missed = cell(kill(), without_rule="lost is redefined")
    assert caught.verdict is caught.expected is Verdict.VIOLATED
    assert night_verdict_line(caught).endswith("planner without 'lost is redefined': caught")
    assert night_verdict_line(missed).endswith("planner without 'lost is redefined': not caught")


def test_text_and_document_name_the_moment():
    made = cell(kill(wrong=["table bill: differs"]))
    assert "kill 1, passed T2: table bill: differs" in str(night_text(made))
    (entry,) = night_document([made])["cells"]
    assert entry["finding"]["schedule"] == "passed T2"


LOST = Durability(acknowledged=1, lost=(Ticket("w1", 1),))
IDLE = Durability(unknown=("no commit was acknowledged: nothing was at stake",))


def test_a_lost_online_commit_is_no_rule_that_was_caught():
    """The planner has no hand in it: neither way may it pass for a control that worked."""
    for wrong in ([], ["table bill: differs"]):
        made = cell(kill(wrong=wrong, online=LOST), without_rule="lost is redefined")
        assert (made.verdict, made.expected) == (Verdict.VIOLATED, Verdict.HOLDS)
        assert made.caught is bool(wrong)
        assert "online transactions beside them did not end" in night_verdict_line(made)


def test_of_a_rule_taken_away_only_the_end_tells():
    made = cell(kill(wrong=["table bill: differs"], online=IDLE), without_rule="r")
    assert made.verdict is made.expected is Verdict.VIOLATED
    missed = cell(kill(online=IDLE), without_rule="r")
    assert (missed.verdict, missed.expected) == (Verdict.HOLDS, Verdict.VIOLATED)
    unsure = cell(kill(unknown=["the server went away"]), without_rule="r")
    assert (unsure.verdict, unsure.caught) == (Verdict.UNKNOWN, False)


def test_a_rule_that_changes_no_end_is_expected_to_be_missed_without_harm():
    for one, verdict in ((kill(), Verdict.HOLDS), (kill(wrong=["x"]), Verdict.VIOLATED)):
        made = cell(one, without_rule="r")
        made.needless = "a crash empties it"
        assert (made.verdict, made.expected) == (verdict, Verdict.HOLDS)
    made.kills[:] = [kill()]
    assert night_verdict_line(made).endswith("without 'r': not needed here, as a crash empties it")


@pytest.mark.parametrize(
    ("made", "complete"),
    [
        (cell(kill(), kill(wrong=["x"])), True),
        (cell(kill(wrong=["x"], online=IDLE), without_rule="r"), True),
        (cell(kill(), kill(unknown=["the moment did not come"])), False),
        (cell(kill(online=IDLE)), False),
        (cell(), False),
    ],
    ids=["whole", "control-tells-by-the-end", "moment-did-not-come", "online-unseen", "no-kill"],
)
def test_document_says_whether_all_that_was_planned_was_done_and_seen(made, complete):
    def told():
        (entry,) = night_document([made])["cells"]
        return entry["complete"]

    assert told() is complete
    made.unknown.append("the server did not come back")
    assert told() is False


class Server:
    engine = ENGINES["postgresql"]


def ended(outcome, stopped):
    return NightRun({"bill": JobEnd("bill", outcome)}, (), stopped=stopped)


@pytest.mark.parametrize(
    ("run", "wrong", "unknown"),
    [
        (ended(Outcome.ENDED, ""), ["table bill: differs"], []),
        (ended(Outcome.FAILED, "bill failed"), ["the night did not end: bill failed"], []),
        (ended(Outcome.LOST, "bill lost"), [], ["the night did not end: bill lost"]),
        (ServerError("gone"), [], ["the plan could not be carried out: gone"]),
    ],
)
def test_a_second_run_that_was_cut_off_is_unknown(monkeypatch, tmp_path, run, wrong, unknown):
    def second(*_words, **_options):
        if isinstance(run, Exception):
            raise run
        return run

    drill = NightDrill(Server(), NightSetting(chosen_night(None), 0.002, 1, date(2024, 10, 15)))
    monkeypatch.setattr(drill, "_run", second)
    monkeypatch.setattr(drill, "_left", lambda *_: PEACE)
    peace = SimpleNamespace(differences=lambda _left: ["table bill: differs"])
    assert drill._finish(None, None, tmp_path, None, peace) == (wrong, unknown)


def test_a_kill_that_could_not_be_made_is_told_and_not_the_jobs_failure():
    def refuse():
        raise ServerError("docker: does not answer")

    server = SimpleNamespace(kill=refuse)
    killer = _Killer(server, NightMoment("started", "bill"), {}, Failure.SERVER)
    killer.watch(Entry(1, datetime.now(UTC), Event.STARTED, "bill"))
    with pytest.raises(ServerError, match="does not answer"):
        killer.over()
