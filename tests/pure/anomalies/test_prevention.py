from harness.interleave.execution import Execution, Turn
from harness.locks import Wait
from harness.outcome import Refusal
from harness.programs import Returned
from harness.sessions.step import Effect, Step, StepError, StepKind
from workloads.anomalies.prevention import Ran, prevented_by

STEP = Step(StepKind.STATEMENT, "select 1")


def execution(schedule, settled=(), refused=None):
    """Turns from words; `settled`: a waiting turn and when it went on; `refused`: turn -> code."""
    turns = []
    for number, session in enumerate(schedule.split(), start=1):
        turn = Turn(number, session, STEP, (), effect=Effect(rowcount=1), settled_in=number)
        turns.append(turn)
    for number, later in dict(settled).items():
        turns[number - 1].settled_in = later
        turns[number - 1].wait = Wait(turns[number - 1].session, ("T9",))
    for number, code in (refused or {}).items():
        refusal = Refusal("serialization", code, retryable=True, ends_transaction=True)
        turns[number - 1].effect = Effect(error=StepError("Error", "no", refusal))
    return Execution(turns, {turn.session: Returned(None) for turn in turns})


def order(text):
    return tuple(text.split())


SERIAL = execution("T1 T1 T2 T2")


def test_an_order_that_ran_as_it_is_was_hidden_by_a_snapshot():
    ran = [SERIAL, execution("T1 T2 T1 T2")]
    assert prevented_by([order("T1 T2 T1 T2")], ran) == {"snapshot": 1}


def test_an_order_that_cannot_go_on_was_prevented_by_a_wait():
    ran = [SERIAL, execution("T1 T2 T1 T2", settled={2: 3})]
    assert prevented_by([order("T1 T2 T2 T1")], ran) == {"wait": 1}


def test_an_order_whose_step_took_effect_later_was_prevented_by_a_wait():
    ran = [SERIAL, execution("T1 T2 T1 T2", settled={2: 3})]
    assert Ran.of(ran[1]).effects == order("T1 T1 T2 T2")
    assert prevented_by([order("T1 T2 T1 T2")], ran) == {"wait": 1}


def test_an_order_that_always_ends_in_a_refusal_was_prevented_by_it():
    ran = [SERIAL, execution("T1 T2 T1", settled={2: 3}, refused={2: "40001"})]
    assert prevented_by([order("T1 T2 T1 T2"), order("T1 T2 T2 T1")], ran) == {"refusal 40001": 2}


def test_a_refusal_that_is_not_needed_is_not_named():
    """Two executions begin as the order does, and one goes well: waiting was enough."""
    ran = [
        SERIAL,
        execution("T1 T2 T1 T3", refused={4: "40001"}),
        execution("T1 T2 T3 T1 T2", settled={2: 4}),
    ]
    assert prevented_by([order("T1 T2 T2 T1")], ran) == {"wait": 1}


def test_two_victims_are_both_named():
    ran = [
        execution("T1 T2 T1", refused={3: "1213"}),
        execution("T1 T2 T1 T2", refused={2: "1020"}),
    ]
    assert prevented_by([order("T1 T2 T2 T1")], ran) == {"refusal 1020 or 1213": 1}


def test_what_hindered_most_comes_first():
    ran = [SERIAL, execution("T1 T2 T1 T2", settled={2: 3}), execution("T2 T1 T2 T1")]
    orders = [order("T2 T1 T2 T1"), order("T1 T2 T2 T1"), order("T1 T2 T1 T2")]
    assert list(prevented_by(orders, ran).items()) == [("wait", 2), ("snapshot", 1)]


def test_a_step_that_waited_takes_effect_behind_the_turn_that_let_it_go_on():
    ran = Ran.of(execution("T1 T2 T3 T1", settled={2: 4}))
    assert ran.turns == order("T1 T2 T3 T1")
    assert ran.effects == order("T1 T3 T1 T2")
