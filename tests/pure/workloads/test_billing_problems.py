"""The checks of the billing problems: each passes, fails and abstains where it must."""

from datetime import date

import pytest

from harness.checks.state import State
from harness.outcome import Refusal
from harness.programs import Raised, Returned, ServerRefused
from schema.billing import fixture
from schema.billing.invariants import Counted
from workloads.billing.batch.bulk_deletion import BulkDeletionResult
from workloads.billing.online.bill_inquiry import TotalShown
from workloads.billing.problems import scenarios
from workloads.billing.problems.problem_a import PROBLEM_A
from workloads.billing.problems.problem_b import (
    PROBLEM_B,
    no_line_without_a_bill,
    no_unit_beyond_the_limit,
)
from workloads.billing.problems.problem_c import PROBLEM_C

TODAY = fixture.BILLING_DATE
STOPPED = Raised("StoppedError", "stopped after 6 statements", 1, expected=True)
REFUSED = ServerRefused(Refusal("serialization", "40001", True, True))
OVER = Returned(None, 2)


def test_the_scenarios_have_their_names_and_every_variant_an_expectation():
    assert [scenario.name for scenario in scenarios()] == [
        "billing-a",
        "billing-b",
        "billing-c",
    ]
    for scenario in scenarios():
        for variant in scenario.variants.values():
            assert variant.expected is not None


def bills(*rows, lines=None, total=fixture.CARRIED_YEN):
    """Tables with bills of (number, member, yen), and one line each unless others are given."""
    added = sum(yen for *_, yen in rows)
    return State(
        {
            "bill": tuple((no, member, TODAY, 1, None, None) for no, member, _ in rows),
            "bill_line": tuple((no, 1, 101, 1, yen, "N") for no, _, yen in rows)
            if lines is None
            else lines,
            "product_billing": (
                (101, "product 101", total + added),
                (105, "product 105", fixture.CARRIED_YEN),
            ),
        }
    )


def judged_a(state, again=OVER):
    return PROBLEM_A.results_check({"T1": STOPPED, "T2": again}, state)


def test_a_month_that_is_right_passes():
    assert judged_a(bills((1, 1, 1200), (3, 2, 2400))) is None


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (
            bills((1, 1, 1200), (2, 1, 1200), (3, 2, 2400)),
            "member 1: billed 2 times in 2024-10, by bills 1 and 2",
        ),
        (bills((1, 1, 1200)), "member 2: not billed in 2024-10"),
        (
            bills((1, 1, 1200), (2, 2, 2400), lines=((1, 1, 101, 1, 1200, "N"),)),
            "bill 2: says 1 lines, and has 0",
        ),
        (
            bills((1, 1, 1200), (2, 2, 2400), total=fixture.CARRIED_YEN + 1),
            "product 101: its total moved by 3601 yen, and its lines by 3600 yen",
        ),
    ],
    ids=["billed twice", "not billed", "no lines", "one yen more"],
)
def test_a_month_that_is_wrong_is_told(state, says):
    assert judged_a(state) == says


def test_whether_all_are_billed_is_not_asked_of_a_run_that_was_refused():
    assert judged_a(bills((1, 1, 1200)), REFUSED) is None
    assert judged_a(bills((1, 1, 1200), (2, 1, 1200)), REFUSED) is not None


def judged_c(*shown, end=None, new=()):
    content = fixture.two_bills_rows()
    state = State(
        {
            "bill": (*(tuple(row.values()) for row in content["bill"]), *new),
            "bill_line": (
                *(tuple(row.values()) for row in content["bill_line"]),
                *((row[0], 1, 101, 1, 500, "N") for row in new),
            ),
        }
    )
    value = tuple(TotalShown(no, date(2024, 9, 7), yen) for no, yen in shown)
    ends = {"T1": Returned(value) if end is None else end, "T2": OVER}
    return PROBLEM_C.results_check(ends, state)


def test_true_totals_pass_and_bills_may_be_missing():
    new = ((3, 1, TODAY, 1, None, None),)
    assert judged_c((1, 2730), (2, 2760), (3, 500), new=new) is None
    assert judged_c((2, 2760)) is None
    assert judged_c() is None


def test_totals_that_are_too_small_and_bills_that_never_were_are_told():
    assert judged_c((1, 910)) == "bill 1: shown with 910 yen, and has 2730 yen"
    assert judged_c((3, 500)) == "bill 3: shown with 500 yen, and never was there"


def test_an_inquiry_that_was_refused_has_shown_nothing():
    assert judged_c(end=REFUSED) is None


def judged_b(deletion, other, *left):
    """What is said when bills of (number, whether paid) are left, with lines of 2730 yen for 1."""
    paid = date(2024, 10, 1)
    state = State(
        {
            "bill": tuple(
                (no, no, date(2024, 9, 7), 2, paid if is_paid else None, None)
                for no, is_paid in left
            ),
            "bill_line": (),
        }
    )
    return PROBLEM_B.results_check({"T1": other, "T2": deletion}, state)


def test_a_deletion_that_a_foreign_key_refused_is_told():
    refused = Raised("IntegrityError", "a foreign key", 3, expected=True)
    assert judged_b(refused, OVER).startswith("T2: the server refused delete 2")
    assert judged_b(REFUSED, REFUSED) is None


def test_a_partial_total_beside_a_deletion_is_told_and_a_whole_one_passes():
    for yen, says in ((2730, None), (910, "bill 1: shown with 910 yen, and has 2730 yen")):
        shown = Returned((TotalShown(1, date(2024, 9, 7), yen),))
        assert judged_b(OVER, shown) == says


def test_a_deletion_run_again_must_have_left_nothing_that_was_due():
    again = Returned(BulkDeletionResult(2, 4))
    assert judged_b(STOPPED, again, (3, False)) is None
    left = judged_b(STOPPED, again, (2, True), (3, False))
    assert left == "bill 2: is due, and there when the deletion has come to its end"
    assert judged_b(STOPPED, REFUSED, (2, True)) is None


def test_a_unit_of_as_many_lines_as_the_limit_passes_and_one_more_is_told():
    full = {no: Counted(2, 2) for no in (1, 2, 3)}
    three_less = full | {1: Counted(2, 0), 2: Counted(2, 1)}
    assert no_unit_beyond_the_limit([full, three_less, three_less]) is None
    four_less = full | {1: Counted(2, 0), 2: Counted(2, 0)}
    assert "took 4 lines" in no_unit_beyond_the_limit([full, four_less])


def test_a_bill_without_lines_passes_and_a_line_without_a_bill_is_told():
    assert no_line_without_a_bill([{1: Counted(2, 0)}]) is None
    assert no_line_without_a_bill([{1: Counted(2, 2)}, {1: Counted(None, 2)}]) is not None
