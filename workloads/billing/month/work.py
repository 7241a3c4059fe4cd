"""The month's batch: registration and payments on four days, bulk deletion on the last one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from functools import partial
from typing import Final, Protocol

from sqlalchemy import Connection, select

from harness.replay.day import Job, Stage
from schema.billing import bill
from workloads.billing.batch.bill_registration import (
    BillRegistrationRequest,
    bill_registration,
    bill_registration_claiming,
)
from workloads.billing.batch.bulk_deletion import (
    BulkDeletionRequest,
    BulkDeletionResult,
    bulk_deletion,
    bulk_deletion_by_whole_bills,
)
from workloads.billing.batch.payment_registration import (
    Payment,
    PaymentRegistrationRequest,
    PaymentRegistrationResult,
    payment_registration,
)
from workloads.billing.month.business import Month, Reported, Whose
from workloads.billing.month.calendar import DAYS, GROUPS, begins_s, billing_day
from workloads.billing.table_2 import TITLES

BILLS_PER_UNIT: Final = 1_000

REGISTRATION: Final = "bill_registration"
PAYMENTS: Final = "payment_registration"
DELETION: Final = "bulk_deletion"


class Register(Protocol):
    """A bill registration (請求登録)."""

    def __call__(self, connection: Connection, request: BillRegistrationRequest) -> object:
        """Bill a group."""


class Delete(Protocol):
    """A bulk deletion (請求一括削除)."""

    def __call__(self, connection: Connection, request: BulkDeletionRequest) -> object:
        """Delete what is due."""


def delete_by_whole_bills(
    connection: Connection, request: BulkDeletionRequest
) -> BulkDeletionResult:
    """Bulk deletion in units of so many bills with their lines."""
    return bulk_deletion_by_whole_bills(connection, request, BILLS_PER_UNIT)


AS_THE_EXAM: Final[tuple[Register, Delete]] = (bill_registration, bulk_deletion)
MENDED: Final[tuple[Register, Delete]] = (bill_registration_claiming, delete_by_whole_bills)


def named(program: str, day: int) -> str:
    """A job's name: the program's, and its day.

    >>> named("bill_registration", 7)
    'bill_registration_day_7'
    """
    return f"{program}_day_{day}"


def stages(
    month: Month, sent_back: Collection[Whose], programs: tuple[Register, Delete]
) -> Sequence[Stage]:
    """Five stages: on each billing day registration with payments beside it, then deletion."""
    register, remove = programs
    found = [_billing_day(month, group_no, sent_back, register) for group_no in GROUPS]
    deletion = partial(remove, request=BulkDeletionRequest(month.last))
    last = Job(named(DELETION, DAYS), TITLES[DELETION], deletion, begins_s(DAYS))
    return [*found, [last]]


def _billing_day(
    month: Month, group_no: int, sent_back: Collection[Whose], register: Register
) -> Stage:
    day = billing_day(group_no)
    today = month.first.replace(day=day)
    request = BillRegistrationRequest(group_no, today, month.first, month.purchases(group_no))
    payments = partial(take_over, reported=month.reported(group_no, set(sent_back)))
    return [
        _job(REGISTRATION, day, partial(register, request=request)),
        _job(PAYMENTS, day, payments),
    ]


def _job(program: str, day: int, run: Callable[[Connection], object]) -> Job:
    return Job(named(program, day), TITLES[program], run, begins_s(day))


def take_over(connection: Connection, reported: Sequence[Reported]) -> PaymentRegistrationResult:
    """Look up the bills that the bank's report means, and take the payments over.

    To look them up is the work of another system, before payment registration begins.
    """
    c = bill.c
    meant: dict[tuple[int, date], int] = {
        (member_no, billed): number
        for number, member_no, billed in connection.execute(
            select(c.bill_no, c.member_no, c.billed_date).order_by(c.bill_no)
        )
    }
    connection.commit()
    payments = tuple(
        Payment(number, one.member_no, one.paid_date)
        for one in reported
        if (number := meant.get((one.member_no, one.billed_date))) is not None
    )
    return payment_registration(connection, PaymentRegistrationRequest(payments))
