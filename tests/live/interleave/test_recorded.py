"""What was found can be run again, and what does not fit is said to be so."""

import pytest
from live.interleave.bank import (
    REPEATABLE_READ,
    account,
    balance_of,
    of,
    set_balance,
    transfer,
    withdraw,
    withdraw_at_once,
    withdraw_from_both,
    withdraw_locking,
)
from sqlalchemy import select

from harness.checks.invariant import Invariant
from harness.checks.verdict import Verdict
from harness.errors import ScheduleDiverged
from harness.interleave.schedule import Schedule
from harness.interleave.scheduler import Recorded

pytestmark = pytest.mark.integration

LOST_UPDATE = (of(withdraw, 10), of(withdraw, 30))
ALIKE = "hint: was it recorded with the same programs, engine, version and isolation level?"


def try_in_a_savepoint(connection, amount):
    with connection.begin_nested():
        left = balance_of(connection, 1) - amount
        set_balance(connection, 1, left)
    connection.commit()
    return left


def look_at_the_first(connection):
    return connection.execute(select(account.c.balance).where(account.c.id == 1)).scalar_one()


NOBODY_IS_REFUSED = Invariant(
    "nobody is refused",
    look_at_the_first,
    lambda seen: None if seen[-1] == 120 else f"account 1 has {seen[-1]}",
)

# What to explore, and how.
FINDINGS = {
    "lost update": (LOST_UPDATE, {}),
    "write skew": (
        (of(withdraw_from_both, 1), of(withdraw_from_both, 2)),
        {"isolation": REPEATABLE_READ},
    ),
    "in a savepoint": ((of(try_in_a_savepoint, 10), of(try_in_a_savepoint, 30)), {}),
    "of three": ((of(withdraw, 10), of(withdraw_at_once, 20), of(withdraw_at_once, 30)), {}),
    "of a rule": (
        LOST_UPDATE,
        {"invariants": [Invariant("never below 90", look_at_the_first, lambda seen: (
            f"account 1 had {min(seen)}" if min(seen) < 90 else None))]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("programs", "how"), FINDINGS.values(), ids=FINDINGS)
def test_a_findings_schedule_leads_to_the_same_again(bank, programs, how):
    finding = bank.explore(*programs, **how).finding
    assert finding.reproduced
    text = str(finding.schedule)
    assert str(Schedule.parse(text)) == text
    for schedule in (text, text.replace("*", ""), finding.schedule):
        cell = bank.explore(*programs, schedule=schedule, **how)
        assert cell.verdict is Verdict.VIOLATED
        assert cell.executions == 1
        assert cell.finding.kind == finding.kind
        assert cell.finding.sentences == finding.sentences
        assert cell.recorded.ends == finding.execution.ends
        assert str(cell.recorded.schedule()) == text


def test_a_deadlock_replays_with_its_victim(bank):
    opposite = of(transfer, 1, 2, 10), of(transfer, 2, 1, 30)
    finding = bank.explore(*opposite, invariants=[NOBODY_IS_REFUSED]).finding
    (victim,) = finding.execution.refused_programs()
    for _ in range(3):
        cell = bank.explore(
            *opposite, invariants=[NOBODY_IS_REFUSED], schedule=str(finding.schedule)
        )
        assert cell.finding.kind == finding.kind
        assert list(cell.recorded.refused_programs()) == [victim]


def test_every_possible_execution_can_be_run_again(open_bank):
    found = [
        (execution.schedule(), execution.ends, balances)
        for execution, balances in open_bank.executions(*LOST_UPDATE)
    ]
    assert len(found) == 14
    with open_bank.conductor(*LOST_UPDATE) as conductor:
        for schedule, ends, balances in reversed(found):
            open_bank.reset_balances()
            again = conductor.conduct(Recorded(Schedule.parse(str(schedule))))
            assert (again.ends, open_bank.balances()) == (ends, balances)
            assert again.schedule() == schedule


def test_a_recorded_execution_that_breaks_nothing_holds(bank):
    cell = bank.explore(*LOST_UPDATE, schedule="T1 T1 T1 T2 T2 T2")
    assert (cell.verdict, cell.executions) == (Verdict.HOLDS, 1)
    assert cell.finding is None


# -- what does not fit


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (
            "T1 T2 T1 T2 T2 T1",
            "diverged at turn 5: recorded a turn of T2, now movable {T1}, {T2} waiting",
        ),
        (
            "T1 T1 T2* T1 T2 T2",
            "diverged at turn 3: recorded T2 waiting after it, now movable {T1, T2}",
        ),
        (
            "T1 T2 T1 T2 T1 T2*",
            "diverged at turn 4: recorded T2 settled after it, now movable {T1}, {T2} waiting",
        ),
        ("T1 T1 T1 T1", "diverged at turn 4: recorded a turn of T1, now movable {T2}"),
        ("T3 T1", "diverged at turn 1: recorded a turn of T3, now movable {T1, T2}"),
        (
            "T1 T1 T1 T2 T2 T2 T2",
            "diverged at turn 7: recorded 1 more turn, now movable {}",
        ),
    ],
)
def test_a_schedule_that_does_not_fit_diverges(bank, schedule, said):
    with pytest.raises(ScheduleDiverged) as caught:
        bank.explore(*LOST_UPDATE, schedule=schedule)
    assert caught.value.explain() == f"schedule '{schedule}' {said}\n  {ALIKE}"
    assert bank.explore(*LOST_UPDATE, schedule="T1 T1 T1 T2 T2 T2").verdict is Verdict.HOLDS


def test_a_schedule_that_ends_too_early_diverges(bank):
    with pytest.raises(ScheduleDiverged) as caught:
        bank.explore(*LOST_UPDATE, schedule="T1 T2")
    assert caught.value.explain() == (
        "schedule 'T1 T2' ended after turn 2, but {T1, T2} can still move\n"
        "  hint: add their turns, or was it recorded with other programs?"
    )


def test_a_schedule_of_other_programs_diverges_where_they_differ(bank):
    """With a locking read the second reader waits, which the recording does not know."""
    finding = bank.explore(*LOST_UPDATE).finding
    text = str(finding.schedule)
    with pytest.raises(ScheduleDiverged, match=r"diverged at turn [2-4]: recorded"):
        bank.explore(of(withdraw_locking, 10), of(withdraw_locking, 30), schedule=text)
