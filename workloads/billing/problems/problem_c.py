"""Problem C: what bill inquiry 2 (照会2) shows beside programs that write bills.

The exam's RDBMS reads with locks: at REPEATABLE READ the inquiry waits for the bulk deletion, and
at READ UNCOMMITTED it does not wait and shows totals that are too small. Figure 4 then leaves out
bills whose lines are not all there. Servers of today read versions: what they show is judged here,
and who waits stands in the report.

What is judged is what the inquiry returned: a bill that it shows must be one that is there, before
or after, with its total to the yen. That a bill is not shown is no error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Final, cast

from sqlalchemy import Connection

from harness.checks.state import State
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.programs import Program, ProgramEnd, Returned
from harness.scenario import Scenario, Variant
from schema.billing import metadata
from schema.billing.fixture import BILLING_DATE, BILLING_MONTH, load, two_bills_rows
from workloads.billing.batch.bill_registration import (
    BillRegistrationRequest,
    Purchase,
    PurchasedProduct,
    bill_registration,
)
from workloads.billing.batch.bulk_deletion import (
    BulkDeletionRequest,
    bulk_deletion,
    bulk_deletion_by_rows,
)
from workloads.billing.online.bill_inquiry import (
    BillRange,
    TotalShown,
    bill_inquiry_2,
    bill_inquiry_2_complete,
    bill_inquiry_2_locking,
)
from workloads.billing.problems.stopped import StoppedError, stopped_after

Inquiry = Callable[[Connection, BillRange], tuple[TotalShown, ...]]

EVERY_BILL: Final = BillRange(1, 1_000)

REGISTRATION: Final = BillRegistrationRequest(
    1,
    BILLING_DATE,
    BILLING_MONTH,
    (Purchase(1, (PurchasedProduct(101, 1, 1200), PurchasedProduct(105, 2, 2400))),),
)
"""One bill of two lines."""

DELETION: Final = BulkDeletionRequest(date(2024, 10, 31))

ALL_STATEMENTS: Final = 7
"""The members are read; a bill of two lines takes six statements."""


def _beside(
    inquiry: Inquiry,
    title: str,
    other: Callable[[Connection], object],
    level: Isolation | None = None,
) -> Mapping[str, Program]:
    return {
        "T1": Program(
            "bill inquiry 2 (照会2)",
            lambda connection: inquiry(connection, EVERY_BILL),
            isolation=level.value if level else None,
        ),
        "T2": Program(title, other, expected_errors=(StoppedError,)),
    }


def _beside_registration(inquiry: Inquiry) -> Mapping[str, Program]:
    run = partial(bill_registration, request=REGISTRATION)
    return _beside(inquiry, "bill registration (請求登録)", run)


def _beside_registration_undone(inquiry: Inquiry) -> Mapping[str, Program]:
    run = stopped_after(ALL_STATEMENTS, partial(bill_registration, request=REGISTRATION))
    return _beside(inquiry, "bill registration (請求登録), stopped before its commit", run)


def _beside_deletion(inquiry: Inquiry, level: Isolation | None = None) -> Mapping[str, Program]:
    run = partial(bulk_deletion, request=DELETION)
    return _beside(inquiry, "bulk deletion (請求一括削除)", run, level)


def _beside_deletion_by_rows(inquiry: Inquiry) -> Mapping[str, Program]:
    run = partial(bulk_deletion_by_rows, request=DELETION, rows_per_unit=1)
    return _beside(inquiry, "bulk deletion (請求一括削除), a commit for each line", run)


def _holds(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    return Verdict.HOLDS


def _always_violated(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    """What is wrong is committed, so no level hides it."""
    return Verdict.VIOLATED


def _violated_where_dirty(engine: Engine, version: str, isolation: Isolation) -> Verdict:
    if isolation is not Isolation.READ_UNCOMMITTED:
        return Verdict.HOLDS
    dirty = engine.can("reads uncommitted rows", version)
    return Verdict.VIOLATED if dirty else Verdict.HOLDS


_VARIANTS = (
    Variant(
        "current",
        "inquiry 2 as in figure 2, beside bill registration",
        _beside_registration(bill_inquiry_2),
        _violated_where_dirty,
    ),
    Variant(
        "figure-4",
        "bills whose lines are not all there are left out, beside bill registration",
        _beside_registration(bill_inquiry_2_complete),
        _holds,
    ),
    Variant(
        "figure-4-undone",
        "the same, beside a bill registration that is rolled back when its bill is complete",
        _beside_registration_undone(bill_inquiry_2_complete),
        _violated_where_dirty,
    ),
    Variant(
        "deletion",
        "inquiry 2 as in figure 2 at repeatable read, beside the bulk deletion of figure 3",
        # Where uncommitted rows are read, chance decides whether the inquiry meets the one DELETE
        # in the middle of a bill: no order of whole statements shows it, free running may.
        _beside_deletion(bill_inquiry_2, Isolation.REPEATABLE_READ),
        _holds,
    ),
    Variant(
        "deletion-locking-read",
        "inquiry 2 locks what it reads, as in the exam, beside the bulk deletion of figure 3",
        _beside_deletion(bill_inquiry_2_locking),
        _holds,
    ),
    Variant(
        "deletion-by-rows",
        "inquiry 2 as in figure 2, beside a deletion that commits in the middle of bills",
        _beside_deletion_by_rows(bill_inquiry_2),
        _always_violated,
    ),
    Variant(
        "deletion-by-rows-figure-4",
        "the same, and bills whose lines are not all there are left out",
        _beside_deletion_by_rows(bill_inquiry_2_complete),
        _holds,
    ),
)


def _totals_of(bills: tuple[tuple[object, ...], ...], lines: State) -> Mapping[int, int]:
    totals: defaultdict[int, int] = defaultdict(int)
    for row in lines.tables["bill_line"]:
        totals[cast("int", row[0])] += cast("int", row[4])
    return {cast("int", row[0]): totals[cast("int", row[0])] for row in bills}


def _known_totals() -> Mapping[int, int]:
    """The totals of the bills of the fixture."""
    totals: defaultdict[int, int] = defaultdict(int)
    for line in two_bills_rows()["bill_line"]:
        totals[line["bill_no"]] += line["amount"]
    return totals


def shown_totals_are_true(ends: Mapping[str, ProgramEnd], state: State) -> str | None:
    """Judge what the inquiry showed: each bill was there or is there, with this total.

    A bill that was there before must show what its lines added up to, whatever is left of them; a
    new one must be among the bills at the end.
    """
    end = ends["T1"]
    if not isinstance(end, Returned):
        return None  # The server refused it, and nothing was shown.
    before = _known_totals()
    after = _totals_of(state.tables["bill"], state)
    for shown in cast("tuple[TotalShown, ...]", end.value):
        true = before.get(shown.bill_no, after.get(shown.bill_no))
        if true is None:
            return f"bill {shown.bill_no}: shown with {shown.total_yen} yen, and never was there"
        if shown.total_yen != true:
            return f"bill {shown.bill_no}: shown with {shown.total_yen} yen, and has {true} yen"
    return None


PROBLEM_C = Scenario(
    name="billing-c",
    title="a bill inquiry beside bill registration and bulk deletion",
    question="is every total that bill inquiry 2 (照会2) shows the total of a bill?",
    metadata=metadata,
    load=partial(load, content=two_bills_rows()),
    variants={variant.name: variant for variant in _VARIANTS},
    # A bill that is not shown because it is being written is what business tolerates.
    serial_equivalence=False,
    results_check=shown_totals_are_true,
    isolations=(
        Isolation.READ_UNCOMMITTED,
        Isolation.READ_COMMITTED,
        Isolation.REPEATABLE_READ,
    ),
)
