"""Payments that are taken over meanwhile, and whether one that was acknowledged is lost."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, select

from schema.billing import bill
from workloads.billing.batch.payment_registration import (
    Payment,
    PaymentRegistrationRequest,
    payment_registration,
)
from workloads.billing.measurements.month import MONTH_END

Program = Callable[[Connection], object]


class Paid:
    """Payments that were acknowledged; used by many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._acknowledged: set[int] = set()

    def programs(self, connection: Connection, seed: int) -> list[Program]:
        """A payment for each open bill of this month, by lot."""
        open_bills = connection.execute(
            select(bill.c.bill_no, bill.c.member_no)
            .where(
                bill.c.billed_date > MONTH_END.processing_date.replace(day=1),
                bill.c.paid_date.is_(None),
                bill.c.cancelled_date.is_(None),
            )
            .order_by(bill.c.bill_no)
        ).all()
        payments = [Payment(no, who, MONTH_END.processing_date) for no, who in open_bills]
        random.Random(seed).shuffle(payments)
        return [partial(self._pay, payment=payment) for payment in payments]

    def lost(self, connection: Connection) -> tuple[str, ...]:
        """Payments that were acknowledged and are not in the table."""
        paid = set(connection.scalars(select(bill.c.bill_no).where(bill.c.paid_date.is_not(None))))
        missing = sorted(self._acknowledged - paid)
        if not missing:
            return ()
        return (f"{len(missing):,} payments were acknowledged and are lost: bill {missing[0]}, …",)

    @property
    def number(self) -> int:
        """How many were acknowledged."""
        return len(self._acknowledged)

    def _pay(self, connection: Connection, payment: Payment) -> None:
        done = payment_registration(connection, PaymentRegistrationRequest((payment,)))
        if done.registered_payments:
            with self._lock:
                self._acknowledged.add(payment.bill_no)
