"""Problem A: bill registration (請求登録) is stopped in the middle and run again from the start.

The engine gives every bill a number of its own, so the bills that were committed are added once
more (exam, 検討A). T1 is the first run, stopped in the middle of its second member; T2 is the run
from the start. In some interleavings T2 begins when T1 is over, which is the exam's case; in the
others somebody runs it again too early, while the first run is still there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Final, Protocol, cast

from sqlalchemy import Connection

from harness.checks.state import State
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.programs import Program, ProgramEnd, Returned
from harness.scenario import Scenario, Variant
from schema.billing import metadata
from schema.billing.constraints import unique_billed_date, unique_billing_month
from schema.billing.fixture import BILLING_DATE, BILLING_MONTH, group_1_rows, load
from schema.billing.invariants import (
    Billed,
    ProductTotal,
    Totals,
    all_billed,
    billed_once,
    counted,
    lines_belong,
    totals_follow_lines,
)
from workloads.billing.batch.bill_registration import (
    BillRegistrationRequest,
    BillRegistrationResult,
    Purchase,
    PurchasedProduct,
    bill_registration,
    bill_registration_by_month,
    bill_registration_claiming,
    bill_registration_past_existing,
    bill_registration_restart,
)
from workloads.billing.problems.stopped import StoppedError, stopped_after


class Registration(Protocol):
    """Bill registration, or one of the programs that mend it."""

    def __call__(
        self, connection: Connection, request: BillRegistrationRequest
    ) -> BillRegistrationResult: ...


FIRST_RUN: Final = BillRegistrationRequest(
    1,
    BILLING_DATE,
    BILLING_MONTH,
    (
        Purchase(1, (PurchasedProduct(101, 1, 1200),)),
        Purchase(2, (PurchasedProduct(101, 2, 2400),)),
    ),
)
"""Group 1, on the day on which it is due."""

AFTER_MIDNIGHT: Final = replace(FIRST_RUN, processing_date=BILLING_DATE + timedelta(days=1))

STATEMENTS_BEFORE_STOP: Final = 6
"""The members are read, the first has a bill by four statements, the second's has been begun."""


def _programs(registration: Registration, again: BillRegistrationRequest) -> Mapping[str, Program]:
    return {
        "T1": Program(
            "bill registration (請求登録), stopped in the middle",
            stopped_after(STATEMENTS_BEFORE_STOP, partial(registration, request=FIRST_RUN)),
            expected_errors=(StoppedError,),
        ),
        "T2": Program(
            "bill registration (請求登録), run from the start",
            partial(registration, request=again),
        ),
    }


def _holds(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    return Verdict.HOLDS


def _doubles(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    """Whatever the level: it does so when one run is over before the other begins."""
    return Verdict.VIOLATED


def _doubles_by_what_was_read(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    """Whatever the level: what one transaction has read is believed in the next.

    Right if the first run is over when the second begins, and wrong if it is still there.
    """
    return Verdict.VIOLATED


_VARIANTS = (
    Variant(
        "current",
        "only the engine's number tells two bills apart",
        _programs(bill_registration, FIRST_RUN),
        _doubles,
    ),
    Variant(
        "unique-date",
        "one bill for a member and billed date; the run goes on past what exists",
        _programs(bill_registration_past_existing, FIRST_RUN),
        _holds,
        unique_billed_date,
    ),
    Variant(
        "unique-date-midnight",
        "the same, run again after midnight, when the billed date is another",
        _programs(bill_registration_past_existing, AFTER_MIDNIGHT),
        _doubles,
        unique_billed_date,
    ),
    Variant(
        "billing-month",
        "one bill for a member and billing month, run again after midnight",
        _programs(bill_registration_by_month, AFTER_MIDNIGHT),
        _holds,
        unique_billing_month,
    ),
    Variant(
        "restart-date",
        "passes over members whose last billed date, read at the start, is of the billing month",
        _programs(bill_registration_restart, AFTER_MIDNIGHT),
        _doubles_by_what_was_read,
    ),
    Variant(
        "claim-date",
        "compares the last billed date inside its update, before anything else of the member",
        _programs(bill_registration_claiming, AFTER_MIDNIGHT),
        _holds,
    ),
)


def _judged(ends: Mapping[str, ProgramEnd], state: State) -> str | None:
    """Judge how the tables were left: bills, lines and totals.

    That everybody is billed is asked only if the second run came to its end: the server may have
    refused it.
    """
    bills = [Billed(*cast("tuple[int, int, date]", row[:3])) for row in state.tables["bill"]]
    said = {cast("int", row[0]): cast("int", row[3]) for row in state.tables["bill"]}
    lines = cast("Sequence[tuple[int, int, int, int, int, str]]", state.tables["bill_line"])
    members = [purchase.member_no for purchase in FIRST_RUN.purchases]
    is_over = isinstance(ends["T2"], Returned)
    return (
        (all_billed(members, BILLING_MONTH, bills) if is_over else billed_once(bills))
        or lines_belong(counted(said, [line[0] for line in lines]))
        or totals_follow_lines([_totals_before(), _totals_after(state, lines)])
    )


def _totals_before() -> Totals:
    before = group_1_rows()["product_billing"]
    return {row["product_no"]: ProductTotal(row["billed_total"], 0) for row in before}


def _totals_after(state: State, lines: Sequence[tuple[int, int, int, int, int, str]]) -> Totals:
    billed: Counter[int] = Counter()
    for _bill_no, _line_no, product_no, _quantity, amount_yen, _returned in lines:
        billed[product_no] += amount_yen
    products = cast("Sequence[tuple[int, str, int]]", state.tables["product_billing"])
    return {number: ProductTotal(total, billed[number]) for number, _name, total in products}


PROBLEM_A = Scenario(
    name="billing-a",
    title="bill registration is stopped in the middle and run again from the start",
    question="is each member billed once, and every product total right to the yen?",
    metadata=metadata,
    load=partial(load, content=group_1_rows()),
    variants={variant.name: variant for variant in _VARIANTS},
    # Which of two runs has billed a member is the same to everybody.
    serial_equivalence=False,
    results_check=_judged,
)
