"""Payment registration (入金登録): take over the payments that the bank reports.

The exam: runs on the days of bill registration, and sets 請求's paid date and 会員's last paid date
to the day on which the money came. The members need not be those who are billed that day.

Assumed: a commit for each payment, as bill registration commits for each bill; the bank's report
names the member and the bill; a bill that was cancelled or paid before is left alone and counted.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, or_, update

from schema.billing import bill, member


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment, as the bank reports it."""

    bill_no: int
    member_no: int
    paid_date: date


@dataclass(frozen=True, slots=True)
class PaymentRegistrationRequest:
    """The payments of one report."""

    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True)
class PaymentRegistrationResult:
    """How many payments were taken over, and how many found no bill of theirs that is open."""

    registered_payments: int
    unmatched_payments: int


def payment_registration(
    connection: Connection, request: PaymentRegistrationRequest
) -> PaymentRegistrationResult:
    """Take over payments, each in a transaction of its own.

    Running it again adds what is missing and nothing else: a bill that is paid stays as it is.
    """
    registered = 0
    for payment in request.payments:
        if _set_paid_date(connection, payment):
            _raise_last_paid_date(connection, payment)
            registered += 1
        connection.commit()
    return PaymentRegistrationResult(registered, len(request.payments) - registered)


def _set_paid_date(connection: Connection, payment: Payment) -> bool:
    """Set the paid date of the member's bill if it is open; whether it was."""
    changed = connection.execute(
        update(bill)
        .where(
            bill.c.bill_no == payment.bill_no,
            bill.c.member_no == payment.member_no,
            bill.c.paid_date.is_(None),
            bill.c.cancelled_date.is_(None),
        )
        .values(paid_date=payment.paid_date)
    )
    return changed.rowcount == 1


def _raise_last_paid_date(connection: Connection, payment: Payment) -> None:
    """Set the member's last paid date, unless a later payment was taken over first."""
    last = member.c.last_paid_date
    connection.execute(
        update(member)
        .where(
            member.c.member_no == payment.member_no,
            or_(last.is_(None), last < payment.paid_date),
        )
        .values(last_paid_date=payment.paid_date)
    )
