"""Problem B: the bulk deletion is too much for one unit of work, and how it is cut into several.

The exam: delete 1 failed on some volumes, because the log of one unit of work exceeded what it may
hold. Method 1 raises that limit by 20 %, method 2 commits after every so many rows; the second is
chosen. How much log that is, and where the servers refuse, is measured (`harness measure`); what is
explored here is whether the parts can be seen: bills of two lines, and a limit of three lines that
stands for the log's.

Judged is what an inquiry beside the deletion shows, as in problem C, and that no unit takes more
lines than the limit; and always that no line is without its bill.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from harness.checks.invariant import Invariant
from harness.checks.state import State
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.programs import Program, ProgramEnd, Raised, Returned
from harness.scenario import Scenario, Variant
from schema.billing import metadata
from schema.billing.fixture import Rows, load, rows
from schema.billing.invariants import Counts, observe_counts
from workloads.billing.batch.bulk_deletion import (
    BulkDeletionRequest,
    BulkDeletionResult,
    bulk_deletion,
    bulk_deletion_by_ranges,
    bulk_deletion_by_rows,
    bulk_deletion_by_whole_bills,
)
from workloads.billing.batch.payment_registration import (
    Payment,
    PaymentRegistrationRequest,
    PaymentRegistrationResult,
    payment_registration,
)
from workloads.billing.online.bill_inquiry import bill_inquiry_2, bill_inquiry_2_complete
from workloads.billing.problems.problem_c import EVERY_BILL, Inquiry
from workloads.billing.problems.problem_c import shown_totals_are_true as shown
from workloads.billing.problems.stopped import StoppedError, stopped_after

LIMIT_LINES: Final = 3
"""What one unit of work may delete here: more than a bill's lines, less than two bills'."""

DELETION: Final = BulkDeletionRequest(date(2024, 10, 31))
PAYMENT: Final = PaymentRegistrationRequest((Payment(3, 3, date(2024, 10, 31)),))

_SOLD: Final = (101, 105)

Deletion = Callable[[Connection], object]

_CURRENT: Final = partial(bulk_deletion, request=DELETION)
_BY_ROWS: Final = partial(bulk_deletion_by_rows, request=DELETION, rows_per_unit=LIMIT_LINES)
_BY_RANGES: Final = partial(bulk_deletion_by_ranges, request=DELETION, bills_per_unit=1)
_BY_BILLS: Final = partial(bulk_deletion_by_whole_bills, request=DELETION, bills_per_unit=1)

_STATEMENTS_INSIDE: Final = 4
"""Of `commit-per-bills`: three take the first bill, the fourth chooses and locks the second."""


def _deleting(deletion: Deletion, sentence: str = "") -> Program:
    return Program(
        f"bulk deletion (請求一括削除){sentence}",
        deletion,
        # The foreign key refuses a bill whose lines are there: a result, which is judged.
        expected_errors=(IntegrityError, StoppedError),
    )


def _beside_inquiry(inquiry: Inquiry, deletion: Deletion, sentence: str) -> Mapping[str, Program]:
    return {
        "T1": Program("bill inquiry 2 (照会2)", lambda connection: inquiry(connection, EVERY_BILL)),
        "T2": _deleting(deletion, sentence),
    }


def _beside_payment(deletion: Deletion, sentence: str) -> Mapping[str, Program]:
    return {
        "T1": Program(
            "payment registration (入金登録)", partial(payment_registration, request=PAYMENT)
        ),
        "T2": _deleting(deletion, sentence),
    }


def _holds(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    return Verdict.HOLDS


def _violated(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    return Verdict.VIOLATED


def _violated_by_payment(engine: Engine, version: str, isolation: Isolation) -> Verdict:
    """At repeatable read delete 2 sees what the last look for a range saw, or is refused.

    Only where such a delete takes the newest rows, it meets the bill that was paid since.
    """
    if isolation is Isolation.READ_COMMITTED:
        return Verdict.VIOLATED
    refuses = engine.can("refuses stale writes", version)
    return Verdict.HOLDS if refuses else Verdict.VIOLATED


_VARIANTS = (
    Variant(
        "current",
        "delete 1 of figure 3 takes every line in one unit of work",
        _beside_inquiry(bill_inquiry_2, _CURRENT, ""),
        _violated,
    ),
    Variant(
        "commit-every-rows",
        "delete 1 commits after every three lines, in the middle of a bill",
        _beside_inquiry(bill_inquiry_2, _BY_ROWS, ", a commit for every 3 lines"),
        _violated,
    ),
    Variant(
        "commit-every-rows-figure-4",
        "the same, and the inquiry leaves out bills whose lines are not all there",
        _beside_inquiry(bill_inquiry_2_complete, _BY_ROWS, ", a commit for every 3 lines"),
        _holds,
    ),
    Variant(
        "commit-per-range",
        "delete 1 commits after a range of bills, each with all its lines",
        _beside_inquiry(bill_inquiry_2, _BY_RANGES, ", a commit for each range of bills"),
        _holds,
    ),
    Variant(
        "commit-per-range-payment",
        "the same, beside a payment that is taken over before delete 2",
        _beside_payment(_BY_RANGES, ", a commit for each range of bills"),
        _violated_by_payment,
    ),
    Variant(
        "commit-per-bills",
        "each unit takes some bills, locked, with all their lines",
        _beside_inquiry(bill_inquiry_2, _BY_BILLS, ", a commit for each bill with its lines"),
        _holds,
    ),
    Variant(
        "commit-per-bills-payment",
        "the same, beside a payment",
        _beside_payment(_BY_BILLS, ", a commit for each bill with its lines"),
        _holds,
    ),
    Variant(
        "commit-per-bills-stopped",
        "the same, stopped in the middle of its second unit, and run again from the start",
        {
            "T1": _deleting(_BY_BILLS, ", run from the start"),
            "T2": _deleting(stopped_after(_STATEMENTS_INSIDE, _BY_BILLS), ", stopped in a unit"),
        },
        _holds,
    ),
)


def no_unit_beyond_the_limit(history: Sequence[Counts]) -> str | None:
    """Judge what was seen after each commit: no unit took more than `LIMIT_LINES` lines.

    >>> from schema.billing.invariants import Counted
    >>> whole, none = {1: Counted(2, 2), 2: Counted(2, 2)}, {1: Counted(2, 0), 2: Counted(2, 0)}
    >>> no_unit_beyond_the_limit([whole, {1: Counted(2, 0), 2: Counted(2, 1)}, none])
    >>> print(no_unit_beyond_the_limit([whole, none]))
    one unit of work took 4 lines; its log holds 3
    """
    found = [sum(one.found for one in seen.values()) for seen in history]
    for before, after in pairwise(found):
        if before - after > LIMIT_LINES:
            return f"one unit of work took {before - after} lines; its log holds {LIMIT_LINES}"
    return None


def no_line_without_a_bill(history: Sequence[Counts]) -> str | None:
    """Judge: whatever was committed, every line had its bill.

    >>> from schema.billing.invariants import Counted
    >>> no_line_without_a_bill([{1: Counted(2, 1)}])
    >>> print(no_line_without_a_bill([{1: Counted(None, 1)}]))
    bill 1: has 1 lines, and is not there
    """
    for seen in history:
        for number, counts in sorted(seen.items()):
            if counts.said is None:
                return f"bill {number}: has {counts.found} lines, and is not there"
    return None


def _rows() -> Rows:
    """Three September bills of two lines: the first two are paid, the third will be."""
    few = rows()
    few["member"] = few["member"][:3]
    few["product_billing"] = [row for row in few["product_billing"] if row["product_no"] in _SOLD]
    few["bill"] = few["bill"][:3]
    few["bill"][2] |= {"paid_date": None}
    few["bill_line"] = [row for row in few["bill_line"] if row["bill_no"] <= 3]
    return few


def _judged(ends: Mapping[str, ProgramEnd], state: State) -> str | None:
    """Judge what an inquiry showed, and that a deletion came to its end."""
    deletion, other = ends["T2"], ends["T1"]
    if isinstance(deletion, Raised) and deletion.name == IntegrityError.__name__:
        return (
            "T2: the server refused delete 2, for lines of a bill that it wants are there "
            "(a foreign key); the bills before stand without their lines"
        )
    if not isinstance(other, Returned):
        return None
    if isinstance(other.value, BulkDeletionResult):
        return _left_over(state)
    return None if isinstance(other.value, PaymentRegistrationResult) else shown(ends, state)


def _left_over(state: State) -> str | None:
    """What a deletion that came to its end has left of the bills that were due."""
    for row in state.tables["bill"]:
        if row[4] is not None:
            return f"bill {row[0]}: is due, and there when the deletion has come to its end"
    return None


PROBLEM_B = Scenario(
    name="billing-b",
    title="the bulk deletion in one unit of work, and in several",
    question="can the parts be seen, and does every unit stay within the limit?",
    metadata=metadata,
    load=partial(load, content=_rows()),
    variants={variant.name: variant for variant in _VARIANTS},
    invariants=(
        Invariant(
            "within the limit", observe_counts, no_unit_beyond_the_limit, of_each_commit=True
        ),
        Invariant("no line without a bill", observe_counts, no_line_without_a_bill),
    ),
    # A bill that is not shown because it goes is what business tolerates.
    serial_equivalence=False,
    results_check=_judged,
)
