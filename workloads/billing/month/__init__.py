"""The billing month that `harness replay month` replays, from its first day to its last.

Two of it: `billing` with the exam's programs, and `billing-mended` with those that its problems A
and B ask for. Numbers of rows follow from what the exam says: each member is billed once a month,
a bill has two lines on the average, and is paid within a month. The data of the generator stand on
the first day: last month's bills are there and half of them paid, this month's are not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, func, select

from harness.errors import UsageError
from harness.replay.day import Circumstances, Day, OnlineProgram, Prepared, RowCounts
from schema.billing import member
from workloads.billing.month.business import Month
from workloads.billing.month.calendar import DAYS, GROUPS, MONTH_S, billing_day
from workloads.billing.month.requests import (
    CANCELLATIONS,
    INQUIRIES_1,
    INQUIRIES_2,
    cancellations,
    inquiries,
    sent_back,
)
from workloads.billing.month.rules import INVARIANTS
from workloads.billing.month.work import (
    AS_THE_EXAM,
    DELETION,
    MENDED,
    PAYMENTS,
    REGISTRATION,
    Delete,
    Register,
    named,
    stages,
)
from workloads.billing.online.bill_cancellation import bill_cancellation
from workloads.billing.online.bill_inquiry import (
    bill_inquiry_1,
    bill_inquiry_2,
    bill_inquiry_2_complete,
)
from workloads.billing.refusals import BillNotFoundError, NothingToReturnError
from workloads.billing.table_2 import TITLES

_MEMBERS: Final = 100_000
_DECLINED: Final = (BillNotFoundError, NothingToReturnError)

# On each billing day one group of four; a bill has two lines, and moves two products' totals. One
# bill in four is paid on each: of last month, or of this.
_GROUP: Final = _MEMBERS // len(GROUPS)
EXPECTED_ROWS: Final = {
    "bill_inquiry_1": RowCounts(0, 0),
    "bill_inquiry_2": RowCounts(0, 0),
    "bill_cancellation": RowCounts(0, 5 * CANCELLATIONS),
    **{named(REGISTRATION, billing_day(g)): RowCounts(3 * _GROUP, 3 * _GROUP) for g in GROUPS},
    **{named(PAYMENTS, billing_day(g)): RowCounts(0, 2 * _GROUP) for g in GROUPS},
    named(DELETION, DAYS): RowCounts(0, 0, 3 * _MEMBERS),
}
"""What each program adds, updates and deletes in a month of 100,000 members."""


def prepare(
    connection: Connection, circumstances: Circumstances, programs: tuple[Register, Delete]
) -> Prepared:
    """Draw the month's requests and its batch; the tables stand at its first day as loaded.

    Raises:
        UsageError: the business date is not the first of a month.
        ValueError: the database is too small to have something for every program.
    """
    first = circumstances.business_date
    if first.day != 1:
        raise UsageError(
            f"--date {first}: a month is replayed from its first day",
            f"--date {first.replace(day=1)}",
        )
    members = connection.scalars(select(func.count()).select_from(member)).one()
    connection.commit()
    month = Month(members, circumstances.seed, first)
    back = sent_back(circumstances, month)
    requests = {
        **inquiries(circumstances, month),
        "bill_cancellation": cancellations(month, back),
    }
    return Prepared(requests, stages(month, back, programs))


def _online(name: str, monthly: int, run: Callable[[Connection, Any], object]) -> OnlineProgram:
    return OnlineProgram(name, TITLES[name], run, monthly, _DECLINED)


def _day(
    name: str,
    title: str,
    inquiry_2: Callable[[Connection, Any], object],
    programs: tuple[Register, Delete],
) -> Day:
    online = (
        _online("bill_inquiry_1", INQUIRIES_1, bill_inquiry_1),
        _online("bill_inquiry_2", INQUIRIES_2, inquiry_2),
        _online("bill_cancellation", CANCELLATIONS, bill_cancellation),
    )
    batch = [named(p, billing_day(g)) for g in GROUPS for p in (REGISTRATION, PAYMENTS)]
    return Day(
        name=name,
        title=title,
        dataset="billing",
        opens_s=0.0,
        closes_s=MONTH_S,
        programs={program.name: program for program in online},
        prepare=partial(prepare, programs=programs),
        jobs={job: TITLES[job.partition("_day_")[0]] for job in [*batch, named(DELETION, DAYS)]},
        source="one bill a member a month, two lines a bill, paid within a month",
        expected_rows=EXPECTED_ROWS,
        invariants=INVARIANTS,
    )


MONTH: Final = _day("billing", "billing, a month (請求情報処理)", bill_inquiry_2, AS_THE_EXAM)
MENDED_MONTH: Final = _day(
    "billing-mended",
    "billing, a month with the mended programs (請求情報処理)",
    bill_inquiry_2_complete,
    MENDED,
)
