"""An execution is judged by the serial orders of its programs: here told, on an engine run.

Two programs withdraw from one account, by reading its balance and writing what is left.
"""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checks.serial import (
    Outcome,
    Part,
    contradiction,
    fingerprint,
    matches,
    orders_of,
    parts_of,
    result_of,
)
from harness.checks.state import State, TableShape
from harness.outcome import Refusal
from harness.programs import Raised, Returned, ServerRefused, Stopped

ACCOUNT = TableShape("account", ("id", "balance"), ("id",))
ENTRY = TableShape("entry", ("no", "account", "amount"), ("no",), numbered={"no": "entry.no"})
LOG = TableShape("log", ("id", "text", "at"), ("id",), clock=frozenset({"at"}))
SHAPES = [ACCOUNT, ENTRY, LOG]

DEADLOCK = Refusal("deadlock", "1213", retryable=True, ends_transaction=True)
STALE = Refusal("serialization", "40001", retryable=True, ends_transaction=True)
T1, T2 = Part("T1"), Part("T2")


def outcome(balance: int, entries=(), log=(), /, **ends) -> Outcome:
    """The account's balance, the amounts entered, and how the programs ended (returned nothing)."""
    state = State(
        {
            "account": ((1, balance),),
            "entry": tuple((number, 1, a) for number, a in enumerate(entries, start=1)),
            "log": tuple(log),
        }
    )
    return Outcome({"T1": Returned(None), "T2": Returned(None)} | ends, state)


def refused(commits: int = 0, refusal: Refusal = DEADLOCK) -> ServerRefused:
    return ServerRefused(refusal, commits)


def serial_orders(serials, judged: Outcome) -> list[str]:
    """The serial orders that the execution matches."""
    return [
        " ".join(part.readable() for part in order)
        for order in orders_of(parts_of(judged.ends))
        if matches(judged, serials[order], order, SHAPES)
    ]


# T1 withdraws 10 and T2 withdraws 30, from 100; each enters its amount.
WITHDRAWALS = {
    (T1, T2): outcome(60, [-10, -30]),
    (T2, T1): outcome(60, [-30, -10]),
    (T1,): outcome(90, [-10]),
    (T2,): outcome(70, [-30]),
    (): outcome(100),
}


@pytest.mark.parametrize(
    ("execution", "orders"),
    [
        (outcome(60, [-10, -30]), ["T1 T2", "T2 T1"]),
        (outcome(60, [-30, -10]), ["T1 T2", "T2 T1"]),
        (outcome(90, [-10], T2=refused()), ["T1"]),
        (outcome(90, [-10], T2=refused(refusal=STALE)), ["T1"]),
        (outcome(70, [-30], T1=refused()), ["T2"]),
        (outcome(100, T1=refused(), T2=refused()), [""]),
    ],
    ids=[
        "in order",
        "numbered the other way",
        "T2 refused",
        "T2 stale",
        "T1 refused",
        "both refused",
    ],
)
def test_an_execution_that_is_serial(execution, orders):
    assert serial_orders(WITHDRAWALS, execution) == orders


@pytest.mark.parametrize(
    "execution",
    [
        outcome(90, [-10, -30]),
        outcome(60, [-10]),
        outcome(60, [-10, -30], T2=refused()),
        outcome(90, [-10], T1=refused()),
        outcome(90, [-10], T1=refused(), T2=refused()),
        outcome(60, [-10, -30], T1=Returned(60)),
        outcome(60, [-10, -30], T1=Raised("ValueError", "overdrawn")),
    ],
    ids=[
        "an update is lost",
        "an entry is lost",
        "a refused program left its effects",
        "the wrong one left its effects",
        "two refused programs left effects",
        "a program returned what it would not alone",
        "a program raised what it would not alone",
    ],
)
def test_an_execution_that_is_not_serial(execution):
    assert serial_orders(WITHDRAWALS, execution) == []


# -- results


SEQUENCED = {
    (T1, T2): outcome(60, T1=Returned(90), T2=Returned(60)),
    (T2, T1): outcome(60, T1=Returned(60), T2=Returned(70)),
}


@pytest.mark.parametrize(
    ("first", "second", "orders"),
    [(90, 60, ["T1 T2"]), (60, 70, ["T2 T1"]), (90, 70, []), (60, 60, [])],
)
def test_both_results_must_be_of_one_order(first, second, orders):
    execution = outcome(60, T1=Returned(first), T2=Returned(second))
    assert serial_orders(SEQUENCED, execution) == orders


def test_the_result_of_a_refused_program_is_nobodys():
    """T2 committed once before it was refused; alone and stopped there, it had no result either."""
    half = Part("T2", 1)
    serials = {(T1, half): outcome(60, T2=Stopped("stopped")), (half, T1): outcome(70)}
    assert serial_orders(serials, outcome(60, T2=refused(commits=1))) == ["T1 T2 (1 commit)"]


def test_a_program_that_was_refused_late_is_compared_up_to_its_last_commit():
    assert parts_of({"T1": Returned(5), "T2": refused(commits=2)}) == {T1, Part("T2", 2)}
    assert parts_of({"T1": Returned(5), "T2": refused()}) == {T1}
    assert parts_of({"T1": Raised("E", ""), "T2": refused()}) == {T1}


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        (Returned(5), Returned(5), True),
        (Returned(5), Returned(5, commits=3), True),
        (Returned(5), Returned("5"), False),
        (Returned(None), Raised("ValueError", ""), False),
        (Raised("ValueError", "row 7"), Raised("ValueError", "row 8"), True),
        (Raised("ValueError", ""), Raised("KeyError", ""), False),
        (Returned(object()), Returned(object()), True),
        (Returned([object()]), Returned([object(), object()]), False),
    ],
)
def test_the_same_result(one, another, same):
    assert (result_of(one) == result_of(another)) is same


def test_an_order_is_each_part_once():
    orders = list(orders_of(frozenset({T1, T2, Part("T3", 1)})))
    assert sorted(orders, key=repr) == sorted(permutations([T1, T2, Part("T3", 1)]), key=repr)
    assert list(orders_of(frozenset())) == [()]


# -- the number of distinct outcomes


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        (outcome(60), outcome(60), True),
        (outcome(60), outcome(90), False),
        (outcome(60, [-1, -2]), outcome(60, [-2, -1]), True),
        (outcome(60, (), [(1, "a", 8)]), outcome(60, (), [(1, "a", 9)]), True),
        (outcome(60), outcome(60, T1=Returned(1)), False),
        (outcome(60, T1=refused()), outcome(60, T2=refused()), False),
        (outcome(60, T1=refused()), outcome(60, T1=refused(refusal=STALE)), False),
        (outcome(60, T1=refused()), outcome(60, T1=refused(commits=1)), True),
    ],
)
def test_outcomes_that_cannot_be_told_apart_are_one(one, another, same):
    assert (fingerprint(one, SHAPES) == fingerprint(another, SHAPES)) is same
    assert len({fingerprint(one, SHAPES), fingerprint(another, SHAPES)}) == (1 if same else 2)


@given(st.lists(st.integers(0, 99)), st.integers())
def test_every_outcome_matches_itself(entries, balance):
    it = outcome(balance, entries)
    assert matches(it, it, (T1, T2), SHAPES)


@given(st.lists(st.integers(0, 99)), st.integers(), st.integers(1, 9))
def test_no_outcome_matches_another_balance(entries, balance, more):
    one, another = outcome(balance, entries), outcome(balance + more, entries)
    assert not matches(one, another, (T1, T2), SHAPES)


# -- why it is none of them


def why(execution: Outcome, serials=WITHDRAWALS, fixture: State | None = None) -> list[str]:
    orders = {order: serials[order] for order in orders_of(parts_of(execution.ends))}
    return contradiction(execution, orders, SHAPES, fixture)


@pytest.mark.parametrize(
    ("execution", "reason"),
    [
        (outcome(90, [-10, -30]), "account.balance would be 60, and is 90"),
        (
            outcome(60, [-10, -30], T1=Returned(60)),
            "T1 would have returned, and has returned 60",
        ),
        (
            outcome(60, [-10, -30], T1=Raised("ValueError", "overdrawn")),
            "T1 would have returned, and has raised ValueError: overdrawn",
        ),
        (outcome(60, [-10]), "there would be a row ((a new number), 1, -30) in entry"),
        (
            outcome(60, [-30, -10, -10]),
            "there would not be a row ((a new number), 1, -10) in entry",
        ),
        (outcome(0, [-30, -10]), "account.balance would be 60, and is 0"),
    ],
    ids=[
        "a value",
        "a result",
        "an exception",
        "a row missing",
        "a row too many",
        "a value, and never numbers that may be exchanged",
    ],
)
def test_each_serial_order_is_contradicted_by_what_differs(execution, reason):
    assert why(execution) == [
        f"T1 before T2: no, because {reason}.",
        f"T2 before T1: no, because {reason}.",
    ]


@pytest.mark.parametrize(
    ("execution", "sentence"),
    [
        (
            outcome(60, [-10, -30], T2=refused()),
            "Only T1: no, because account.balance would be 90, and is 60.",
        ),
        (
            outcome(90, [-10], T1=refused(), T2=refused()),
            "No program: no, because account.balance would be 100, and is 90.",
        ),
    ],
    ids=["one", "all"],
)
def test_refused_programs_are_left_out_of_the_orders(execution, sentence):
    assert why(execution) == [sentence]


def test_a_program_that_committed_before_it_was_refused_is_named_with_its_commits():
    half = Part("T2", 1)
    serials = {(half, T1): outcome(60), (T1, half): outcome(60)}
    assert why(outcome(90, T2=refused(commits=1)), serials) == [
        "T1 before T2 (1 commit): no, because account.balance would be 60, and is 90.",
        "T2 (1 commit) before T1: no, because account.balance would be 60, and is 90.",
    ]


def test_a_row_of_the_fixture_keeps_its_number_in_a_sentence():
    fixture = outcome(100, [5]).state
    serials = {order: outcome(60, [5]) for order in WITHDRAWALS}
    assert why(outcome(60, [7]), serials, fixture) == [
        "T1 before T2: no, because entry.amount would be 5, and is 7.",
        "T2 before T1: no, because entry.amount would be 5, and is 7.",
    ]


def test_a_difference_in_what_a_clock_filled_in_is_no_reason():
    serials = {order: outcome(60, (), [(1, "a", 8)]) for order in WITHDRAWALS}
    assert why(outcome(60, (), [(1, "b", 9)]), serials) == [
        "T1 before T2: no, because log.text would be a, and is b.",
        "T2 before T1: no, because log.text would be a, and is b.",
    ]


def test_references_that_are_exchanged_are_named_as_such():
    shapes = [
        TableShape("bill", ("no", "member"), ("no",), numbered={"no": "bill.no"}),
        TableShape("line", ("bill", "item"), numbered={"bill": "bill.no"}),
    ]
    ends = {"T1": Returned(None)}
    bills = ((1, "x"), (2, "y"))
    now = Outcome(ends, State({"bill": bills, "line": ((1, "tea"), (2, "cake"))}))
    then = Outcome(ends, State({"bill": bills, "line": ((2, "tea"), (1, "cake"))}))
    assert not matches(now, then, (T1,), shapes)
    assert contradiction(now, {(T1,): then}, shapes) == [
        "Only T1: no, because new rows would refer to one another in another way."
    ]
