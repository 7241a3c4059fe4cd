"""A night with a kill is compared with the night in peace, table by table and file by file."""

from harness.checks.durability import Durability, Ticket
from harness.checks.verdict import Verdict
from harness.faults.night_moment import NightMoment
from harness.loading.digest import Digest
from harness.recovery.night_report import (
    NightCell,
    night_document,
    night_text,
    night_verdict_line,
)
from harness.recovery.nights import Finished, NightKill

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
