import pytest
from pure.interleave.simulated import Simulated, conduct

from harness.errors import ScheduleDiverged
from harness.interleave.schedule import Schedule, ScheduledTurn
from harness.interleave.scheduler import InOrder, Recorded, Rest

LOST_UPDATE = ("r x, w x, c", "r x, w x, c")
ALIKE = "hint: was it recorded with the same programs, engine, version and isolation level?"


def recorded(text: str, *movable: str) -> Schedule:
    """A schedule as an execution records it; `movable` says for each turn who could have moved."""
    turns = Schedule.parse(text).turns
    sets = [frozenset(word.split("+")) for word in movable] or [None] * len(turns)
    return Schedule(
        tuple(
            ScheduledTurn(turn.session, turn.waits, could)
            for turn, could in zip(turns, sets, strict=True)
        )
    )


def run(schedule: Schedule, *programs: str) -> tuple[str, ...]:
    turns, _ = conduct(Simulated(*(programs or LOST_UPDATE)), Recorded(schedule))
    return turns


def refusal(schedule: Schedule, *programs: str) -> str:
    with pytest.raises(ScheduleDiverged) as caught:
        run(schedule, *programs)
    return caught.value.explain()


# -- a schedule that fits


@pytest.mark.parametrize(
    "schedule",
    [
        recorded("T1 T2 T1 T2* T1 T2"),
        recorded("T1 T2 T1 T2 T1 T2"),
        recorded("T1 T2 T1 T2* T1 T2", "T1+T2", "T1+T2", "T1+T2", "T1+T2", "T1", "T2"),
        recorded("T1 T1 T1 T2 T2 T2"),
    ],
    ids=["with its waits", "without stars", "with who could have moved", "serial"],
)
def test_a_schedule_that_fits_is_run_as_it_stands(schedule):
    assert list(run(schedule)) == [turn.session for turn in schedule.turns]


def test_a_recorded_schedule_is_one_execution():
    scheduler = Recorded(recorded("T1"))
    assert [scheduler.new_execution() for _ in range(3)] == [True, False, False]


# -- the ways to diverge, each with its whole text


def test_a_turn_of_a_session_that_waits_diverges():
    assert refusal(recorded("T1 T2 T1 T2 T2 T1")) == (
        "schedule 'T1 T2 T1 T2 T2 T1' diverged at turn 5: recorded a turn of T2, "
        f"now movable {{T1}}, {{T2}} waiting\n  {ALIKE}"
    )


def test_a_turn_of_a_session_that_has_finished_diverges():
    assert refusal(recorded("T1 T1 T1 T1 T2")) == (
        "schedule 'T1 T1 T1 T1 T2' diverged at turn 4: recorded a turn of T1, "
        f"now movable {{T2}}\n  {ALIKE}"
    )


def test_a_turn_of_a_session_that_is_not_there_diverges():
    assert refusal(recorded("T3 T1")) == (
        "schedule 'T3 T1' diverged at turn 1: recorded a turn of T3, "
        f"now movable {{T1, T2}}\n  {ALIKE}"
    )


def test_other_sessions_that_could_move_diverge():
    assert refusal(recorded("T1 T2", "T1+T2", "T2")) == (
        "schedule 'T1 T2' diverged at turn 2: recorded movable {T2}, "
        f"now movable {{T1, T2}}\n  {ALIKE}"
    )


def test_a_step_that_was_recorded_waiting_and_does_not_wait_diverges():
    assert refusal(recorded("T1 T2* T1")) == (
        "schedule 'T1 T2* T1' diverged at turn 2: recorded T2 waiting after it, "
        f"now movable {{T1, T2}}\n  {ALIKE}"
    )


def test_a_step_that_waits_and_was_recorded_settled_diverges():
    assert refusal(recorded("T1 T2 T1 T2 T1 T2*")) == (
        "schedule 'T1 T2 T1 T2 T1 T2*' diverged at turn 4: recorded T2 settled after it, "
        f"now movable {{T1}}, {{T2}} waiting\n  {ALIKE}"
    )


def test_a_last_step_that_does_not_wait_as_recorded_diverges_at_the_end():
    assert refusal(recorded("T1 T1*"), "r x, c") == (
        "schedule 'T1 T1*' diverged at turn 2: recorded T1 waiting after it, "
        f"now movable {{}}\n  {ALIKE}"
    )


def test_a_schedule_that_ends_before_the_programs_diverges():
    assert refusal(recorded("T1 T2 T1")) == (
        "schedule 'T1 T2 T1' ended after turn 3, but {T1, T2} can still move\n"
        "  hint: add their turns, or was it recorded with other programs?"
    )


@pytest.mark.parametrize(
    ("more", "said"), [("T2", "1 more turn"), ("T2 T1", "2 more turns")], ids=["one", "two"]
)
def test_programs_that_end_before_the_schedule_diverge(more, said):
    text = f"T1 T1 T1 T2 T2 T2 {more}"
    assert refusal(recorded(text)) == (
        f"schedule '{text}' diverged at turn 7: recorded {said}, now movable {{}}\n  {ALIKE}"
    )


# -- serial orders


@pytest.mark.parametrize("order", [("T1", "T2"), ("T2", "T1")], ids=" before ".join)
def test_one_program_after_the_other(order):
    scheduler = InOrder(order)
    assert scheduler.new_execution()
    turns, _ = conduct(Simulated(*LOST_UPDATE), scheduler)
    assert turns == (order[0],) * 3 + (order[1],) * 3
    assert not scheduler.new_execution()


def test_a_program_that_asks_nothing_is_passed_over():
    assert InOrder(["T1", "T2"]).next_turn(Rest(("T2",))) == "T2"
