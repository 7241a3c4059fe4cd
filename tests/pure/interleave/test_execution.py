import pytest

from harness.checks.verdict import Verdict
from harness.engines.engine import Isolation
from harness.interleave.cell import Cell, Finding
from harness.interleave.execution import Execution, Turn
from harness.interleave.schedule import Schedule, ScheduledTurn
from harness.locks import Wait
from harness.outcome import Refusal
from harness.programs import Raised, Returned, ServerRefused
from harness.sessions.step import Effect, Step, StepError, StepKind

STEP = Step(StepKind.STATEMENT, "update t set v = 1")
DEADLOCK = Refusal("deadlock", "40P01", retryable=True, ends_transaction=True)
DUPLICATE = Refusal("constraint", "23505", retryable=False, ends_transaction=True)


def turn(number, session, movable=("T1", "T2"), *, wait=None, refusal=None) -> Turn:
    error = StepError("Error", "refused", refusal) if refusal else None
    return Turn(number, session, STEP, movable, wait, Effect(error=error))


def execution(*sessions: str) -> Execution:
    return Execution([turn(number, name) for number, name in enumerate(sessions, start=1)])


def test_the_schedule_has_the_waits_and_who_could_have_moved():
    happened = Execution([turn(1, "T1"), turn(2, "T2", wait=Wait("T2", ("T1",)))])
    both = frozenset({"T1", "T2"})
    assert happened.schedule() == Schedule(
        (ScheduledTurn("T1", False, both), ScheduledTurn("T2", True, both))
    )
    assert happened.had_waits()
    assert not execution("T1", "T2").had_waits()


def test_refusals_are_those_that_a_program_may_answer_by_trying_again():
    happened = Execution([turn(1, "T1", refusal=DEADLOCK), turn(2, "T1", refusal=DUPLICATE)])
    assert list(happened.refusals()) == [DEADLOCK]


def test_a_refused_program_is_one_that_gave_up_over_a_refusal():
    refused = ServerRefused(DEADLOCK)
    happened = Execution(ends={"T1": Returned(1), "T2": refused, "T3": Raised("ValueError", "")})
    assert happened.refused_programs() == {"T2": refused}


@pytest.mark.parametrize(
    ("sessions", "length"),
    [
        (("T1", "T1", "T2"), (3, 1)),
        (("T1", "T2", "T1", "T2"), (4, 3)),
        (("T1",), (1, 0)),
        ((), (0, 0)),
    ],
)
def test_a_finding_is_as_long_as_its_turns_and_then_its_changes_of_session(sessions, length):
    assert Finding("raised", (), execution(*sessions)).length() == length


def cell(**what) -> Cell:
    level = Isolation.READ_COMMITTED
    return Cell("bank", "current", "mysql", "MySQL", "9.7.4", "given URL", level, **what)


@pytest.mark.parametrize(
    ("verdict", "expected", "as_expected"),
    [
        (Verdict.HOLDS, None, True),
        (Verdict.VIOLATED, None, False),
        (Verdict.UNKNOWN, None, False),
        (Verdict.VIOLATED, Verdict.VIOLATED, True),
        (Verdict.HOLDS, Verdict.VIOLATED, False),
        (Verdict.UNKNOWN, Verdict.VIOLATED, False),
        (Verdict.HOLDS, Verdict.HOLDS, True),
        (Verdict.UNKNOWN, Verdict.UNKNOWN, True),
    ],
)
def test_a_verdict_is_no_news_if_it_was_expected(verdict, expected, as_expected):
    assert cell(verdict=verdict, expected=expected).as_expected() is as_expected


@pytest.mark.parametrize(
    ("verdict", "as_expected"),
    [(Verdict.HOLDS, True), (Verdict.UNKNOWN, False), (Verdict.VIOLATED, True)],
)
def test_one_execution_that_holds_says_nothing_against_others_that_break(verdict, as_expected):
    one = cell(verdict=verdict, expected=Verdict.VIOLATED, recorded=Execution())
    assert one.as_expected() is as_expected


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (
            {"executions": 14, "possible": 14, "complete": True, "outcomes": 3},
            "14 of 14 possible interleavings, 3 distinct outcomes",
        ),
        (
            {"executions": 6, "possible": 14, "complete": True, "outcomes": 3},
            "14 of 14 possible interleavings (6 run), 3 distinct outcomes",
        ),
        (
            {"executions": 13, "possible": 14, "outcomes": 2},
            "13 of an unknown number of interleavings, 2 distinct outcomes",
        ),
        ({"executions": 1, "recorded": Execution()}, "one recorded execution"),
    ],
    ids=["every one", "reduced", "limited", "recorded"],
)
def test_coverage_says_how_much_was_run(known, said):
    assert cell(**known).coverage() == said


def test_nothing_is_known_of_a_new_cell():
    assert cell().verdict is Verdict.UNKNOWN
