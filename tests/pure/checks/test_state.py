from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checks.state import Difference, State, TableShape, canonical, differences

ACCOUNT = TableShape("account", ("id", "balance"), ("id",))
BILL = TableShape("bill", ("no", "member"), ("no",), numbered={"no": "bill.no"})
LINE = TableShape(
    "line", ("no", "bill_no", "item"), ("no",), numbered={"no": "line.no", "bill_no": "bill.no"}
)
BILLING = [BILL, LINE]
LOG = TableShape("log", ("text", "written_at"), clock=frozenset({"written_at"}))


def equal(before: State, after: State, shapes) -> bool:
    return canonical(before, shapes) == canonical(after, shapes)


def billing(bills, lines=()) -> State:
    return State({"bill": tuple(bills), "line": tuple(lines)})


# -- what is equal, and what comes close and is not


def test_the_order_in_which_rows_are_read_means_nothing():
    before, after = State({"account": ((1, 5), (2, 7))}), State({"account": ((2, 7), (1, 5))})
    assert equal(before, after, [ACCOUNT])


@pytest.mark.parametrize(
    "after",
    [((1, 5), (2, 8)), ((1, 5),), ((1, 5), (2, 7), (3, 0)), ((1, 7), (2, 5)), ((1, 5), (2, None))],
    ids=["another value", "a row less", "a row more", "values exchanged", "no value"],
)
def test_other_rows_are_another_state(after):
    assert not equal(State({"account": ((1, 5), (2, 7))}), State({"account": after}), [ACCOUNT])


def test_a_table_without_a_key_may_hold_a_row_twice():
    rows = (("a", 1), ("a", 2))
    assert not equal(State({"log": rows}), State({"log": rows[:1]}), [LOG])


def test_what_a_clock_filled_in_means_nothing():
    assert equal(State({"log": (("a", 1),)}), State({"log": (("a", 2),)}), [LOG])


def test_what_stands_beside_a_clock_still_counts():
    assert not equal(State({"log": (("a", 1),)}), State({"log": (("b", 1),)}), [LOG])


def test_the_engines_numbers_may_be_exchanged():
    assert equal(billing([(7, "x"), (9, "y")]), billing([(4, "y"), (8, "x")]), BILLING)


def test_a_number_stands_for_the_same_row_wherever_it_is_referenced():
    before = billing([(1, "x"), (2, "y")], [(1, 1, "tea"), (2, 2, "cake")])
    after = billing([(5, "y"), (6, "x")], [(8, 5, "cake"), (9, 6, "tea")])
    assert equal(before, after, BILLING)


def test_a_line_under_the_other_bill_is_another_state():
    before = billing([(1, "x"), (2, "y")], [(1, 1, "tea"), (2, 2, "cake")])
    after = billing([(1, "x"), (2, "y")], [(1, 2, "tea"), (2, 1, "cake")])
    assert not equal(before, after, BILLING)


def test_two_lines_under_one_bill_are_not_one_line_under_each():
    """The bills look alike, so only their lines tell them apart."""
    before = billing([(1, "x"), (2, "x")], [(1, 1, "tea"), (2, 2, "cake")])
    after = billing([(1, "x"), (2, "x")], [(1, 1, "tea"), (2, 1, "cake")])
    assert not equal(before, after, BILLING)


def test_bills_that_look_alike_are_told_apart_by_their_lines():
    before = billing([(1, "x"), (2, "x")], [(1, 1, "tea"), (2, 2, "cake")])
    after = billing([(1, "x"), (2, "x")], [(1, 1, "cake"), (2, 2, "tea")])
    assert equal(before, after, BILLING)


def test_numbers_of_two_tables_are_renamed_each_for_itself():
    """Both programs write into both tables, the first first here, the second first there."""
    pairs = TableShape("pair", ("a", "b"), numbered={"a": "left.no", "b": "right.no"})
    alike = State({"pair": ((1, 1), (2, 2))})
    crossed = State({"pair": ((1, 2), (2, 1))})
    shared = State({"pair": ((1, 1), (2, 1))})
    assert equal(alike, crossed, [pairs])
    assert not equal(alike, shared, [pairs])


def test_no_reference_is_not_a_reference():
    before = billing([(1, "x")], [(1, 1, "tea")])
    after = billing([(1, "x")], [(1, None, "tea")])
    assert not equal(before, after, BILLING)


def test_a_table_that_was_not_read_is_empty():
    assert equal(State({}), State({"account": ()}), [ACCOUNT])


def test_values_of_another_type_are_other_values():
    assert not equal(State({"account": ((1, "5"),)}), State({"account": ((1, 5),)}), [ACCOUNT])


def test_documents_and_arrays_are_values_like_others():
    shape = TableShape("note", ("id", "body", "tags"), ("id",))
    before = State({"note": ((1, {"a": 1, "b": [2]}, ["x"]),)})
    assert equal(before, State({"note": ((1, {"b": [2], "a": 1}, ["x"]),)}), [shape])
    assert not equal(before, State({"note": ((1, {"a": 1, "b": [3]}, ["x"]),)}), [shape])
    assert not equal(before, State({"note": ((1, {"a": 1, "b": [2]}, ["y"]),)}), [shape])
    assert len({canonical(before, [shape])}) == 1


# -- numbers of the fixture: the programs know them


def test_a_number_of_the_fixture_is_not_renamed():
    fixture = billing([(1, "x"), (2, "x")])
    before, after = billing([(1, "y"), (2, "x")]), billing([(1, "x"), (2, "y")])
    assert canonical(before, BILLING, fixture) != canonical(after, BILLING, fixture)


def test_a_number_given_out_since_is_renamed_beside_those_of_the_fixture():
    fixture = billing([(1, "x")])
    before = billing([(1, "x"), (5, "y"), (6, "z")], [(1, 5, "tea"), (2, 1, "cake")])
    after = billing([(1, "x"), (5, "z"), (8, "y")], [(1, 8, "tea"), (2, 1, "cake")])
    astray = billing([(1, "x"), (5, "z"), (8, "y")], [(1, 1, "tea"), (2, 8, "cake")])
    assert canonical(before, BILLING, fixture) == canonical(after, BILLING, fixture)
    assert canonical(before, BILLING, fixture) != canonical(astray, BILLING, fixture)


# -- properties

MEMBERS = st.sampled_from("xy")
BILLS = st.lists(MEMBERS, max_size=4)
LINES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["tea", "cake"])), max_size=5)


@given(BILLS, LINES, st.integers())
def test_any_renaming_of_the_engines_numbers_is_the_same_state(members, lines, seed):
    random = Random(seed)
    before = numbered(members, lines, range(1, 9), range(1, 9))
    after = numbered(members, lines, random.sample(range(50), 8), random.sample(range(50), 8))
    assert equal(before, shuffled(after, random), BILLING)


def numbered(members, lines, bill_numbers, line_numbers) -> State:
    """A bill for each member; a line names its bill by its place, or none."""
    numbers = list(bill_numbers)
    bills = [(numbers[place], member) for place, member in enumerate(members)]
    return billing(
        bills,
        [
            (number, numbers[place] if place < len(members) else None, item)
            for number, (place, item) in zip(line_numbers, lines, strict=False)
        ],
    )


def shuffled(state: State, random: Random) -> State:
    return State({n: tuple(random.sample(rows, len(rows))) for n, rows in state.tables.items()})


@given(BILLS, LINES, BILLS, LINES)
def test_states_are_equal_if_and_only_if_they_tell_the_same_story(bills, lines, others, more):
    """A bill is who its member is and what its lines are; the story is all bills."""
    before = numbered(bills, lines, range(1, 9), range(1, 9))
    after = numbered(others, more, range(1, 9), range(1, 9))
    assert equal(before, after, BILLING) == (story(bills, lines) == story(others, more))


def story(members, lines):
    without = sorted(item for place, item in lines if place >= len(members))
    with_bill = sorted(
        (member, sorted(item for at, item in lines if at == place))
        for place, member in enumerate(members)
    )
    return with_bill, without


PAIR = TableShape("pair", ("a", "b"), numbered={"a": "left.no", "b": "right.no"})
PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=6)


@given(PAIRS, PAIRS)
def test_states_are_equal_if_and_only_if_some_renaming_makes_them_so(before, after):
    orders = list(permutations(range(3)))
    renamings = (
        sorted((left[a], right[b]) for a, b in before) for left in orders for right in orders
    )
    expected = any(renamed == sorted(after) for renamed in renamings)
    assert equal(State({"pair": tuple(before)}), State({"pair": tuple(after)}), [PAIR]) == expected


@given(PAIRS, st.permutations(range(3)), st.permutations(range(3)))
def test_any_renaming_of_two_numberings_is_the_same_state(pairs, left, right):
    renamed = State({"pair": tuple((left[a], right[b]) for a, b in reversed(pairs))})
    assert equal(State({"pair": tuple(pairs)}), renamed, [PAIR])


# -- differences


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (((1, 5),), ((1, 5),), []),
        (((1, 5),), ((1, 7),), ["account (1, 5): balance 5 -> 7"]),
        (((1, 5), (2, 0)), ((1, 5),), ["account: missing (2, 0)"]),
        (((1, 5),), ((1, 5), (2, 0)), ["account: only here (2, 0)"]),
        (
            ((1, 5), (2, 0)),
            ((2, 1), (3, 0)),
            [
                "account: missing (1, 5)",
                "account (2, 0): balance 0 -> 1",
                "account: only here (3, 0)",
            ],
        ),
    ],
)
def test_differences_are_matched_by_key(before, after, said):
    found = differences(State({"account": before}), State({"account": after}), [ACCOUNT])
    assert [difference.readable() for difference in found] == said


def test_a_difference_in_what_a_clock_fills_in_is_none():
    assert not differences(State({"log": (("a", 1),)}), State({"log": (("a", 2),)}), [LOG])


def test_a_row_that_is_there_once_more_is_a_difference_without_a_key_too():
    rows = (("a", 1), ("a", 1))
    found = differences(State({"log": rows[:1]}), State({"log": rows}), [LOG])
    assert found == [Difference("log", ("text", "written_at"), None, ("a", 1))]


@given(
    st.dictionaries(st.integers(0, 9), st.integers()),
    st.dictionaries(st.integers(0, 9), st.integers()),
)
def test_states_differ_if_and_only_if_there_are_differences(before, after):
    old, new = State({"account": tuple(before.items())}), State({"account": tuple(after.items())})
    assert bool(differences(old, new, [ACCOUNT])) == (not equal(old, new, [ACCOUNT]))
