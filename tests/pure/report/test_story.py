"""A finding as a person reads it."""

from dataclasses import replace

from pure.report.made import LOST_UPDATE, cell, execution_with_a_deadlock, unknown, violated

from harness.checks.deadlock import Advice
from harness.checks.verdict import Verdict
from harness.report.story import finding_story, recorded_story


def test_a_finding_is_the_drawing_the_contradiction_and_the_command() -> None:
    assert finding_story(violated(), 'harness explore a:b c:d --schedule "T1 T1 T2*"', 110) == (
        """\
current, PostgreSQL 18.6, read committed: not serializable

turn  T1 withdraw                                          T2 close account
--------------------------------------------------------------------------------------------------------------
   1  select balance from account where id = 1 for update
        -> 100
   2  update account set balance = 30 where id = 1
        -> 1 row
   3                                                       delete from account where id = 1
                                                             <waits for T1: row of account, id = 1>
   4  commit                                               <turn 3 goes on>
                                                             -> 1 row
   5                                                       commit
T1 returned 'paid'
T2 returned

Had T1 run before T2, account.balance would be 30, and it is -40.

again: harness explore a:b c:d --schedule "T1 T1 T2*\""""
    )


def test_a_finding_that_was_not_seen_again_says_so() -> None:
    seen_once = violated()
    seen_once.finding = replace(seen_once.finding, reproduced=False)
    assert finding_story(seen_once, "x", 110).splitlines()[0] == (
        "current, PostgreSQL 18.6, read committed: not serializable "
        "(not seen again when its schedule was run once more)"
    )


def test_a_finding_with_a_textbook_name_says_it_and_why() -> None:
    seen = violated()
    seen.finding = replace(seen.finding, anomaly=LOST_UPDATE)
    assert finding_story(seen, "x", 110).partition("is -40.\n")[2] == (
        """\

P4, lost update (a case of G-single; Berenson et al. 1995, 4.1)
  T1 -rw-> T2: turn 1 read account (id = 1) as it was before turn 3
  T2 -ww-> T1: turn 5 overwrote account (id = 1), written in turn 3

again: x"""
    )


def test_a_deadlock_says_what_would_remove_it() -> None:
    seen = violated()
    run = execution_with_a_deadlock()
    advice = Advice("order", "T1 locks A, then B; T2 locks B, then A: have T2 lock A first")
    run.deadlocks[0] = replace(run.deadlocks[0], advice=advice)
    seen.finding = replace(seen.finding, execution=run)
    assert f"T2 waits for T1: row of account\n  {advice.sentence}\n" in finding_story(
        seen, "x", 110
    )


def test_a_deadlock_is_told_with_its_victim_and_its_locks() -> None:
    seen = violated()
    seen.finding = replace(seen.finding, execution=execution_with_a_deadlock())
    assert finding_story(seen, "x", 110).partition("T2 returned\n")[2] == (
        """\
deadlock in turn 4: the server gave up T1 (40P01)
  T1 waits for T2: row of account
  T2 waits for T1: row of account

Had T1 run before T2, account.balance would be 30, and it is -40.

again: x"""
    )


def test_a_recorded_execution_that_breaks_says_what_it_breaks() -> None:
    seen = violated()
    seen.recorded = seen.finding.execution
    lines = recorded_story(seen, 110).splitlines()
    assert lines[0] == "current, PostgreSQL 18.6, read committed: T1 T1 T2* T1 T2"
    assert lines[-2:] == [
        "violated: not serializable",
        "Had T1 run before T2, account.balance would be 30, and it is -40.",
    ]


def test_a_recorded_execution_that_holds_proves_no_more_than_itself() -> None:
    execution = violated().finding.execution
    told = recorded_story(cell(Verdict.HOLDS, recorded=execution), 110)
    assert told.endswith(
        "\nholds in this one execution; run without --schedule to try all the others"
    )


def test_a_recorded_execution_that_stopped_is_unknown() -> None:
    execution = violated().finding.execution
    told = recorded_story(unknown("not at rest within 1 s", recorded=execution), 110)
    assert told.endswith("\nunknown: not at rest within 1 s")
    assert "holds" not in told
