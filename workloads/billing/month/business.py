"""What members do in the month: buy, pay and send back, as the generator of the data draws it.

The generator knows each bill of this month before it is registered, and the day on which it will be
paid. So who replays a month from its first day comes where the generator's last day is, but for
payments that the bank reports after the last billing day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from schema.billing.fixture import billing_date_of
from schema.billing.generator import BilledBusiness
from schema.billing.generator.bills import Drawn, draw_bill
from schema.draw import Draw
from workloads.billing.batch.bill_registration import Purchase, PurchasedProduct
from workloads.billing.month.calendar import billing_day, last_day

LAST_MONTH: Final = 0
THIS_MONTH: Final = 1


class Whose(NamedTuple):
    """One bill, by who has it and the month that it is of: 0 is last month, 1 this month."""

    month: int
    member_no: int


class Reported(NamedTuple):
    """A payment in the bank's report, which knows the member and the day of the bill."""

    member_no: int
    billed_date: date
    paid_date: date


class Month:
    """A month of so many members, from its first day."""

    def __init__(self, members: int, seed: int, first: date) -> None:
        self.members = members
        self.first = first
        self.last = last_day(first)
        self._business = BilledBusiness(members, seed, self.last)

    def bill_no(self, whose: Whose) -> int:
        """The number that the engine gives a bill if none is given twice or left out."""
        return whose.month * self.members + whose.member_no

    def group(self, group_no: int) -> Iterator[int]:
        """The members of a group."""
        numbers = range(1, self.members + 1)
        return (number for number in numbers if self._business.group_of(number) == group_no)

    def purchases(self, group_no: int) -> tuple[Purchase, ...]:
        """What the members of a group have bought since their last bill."""
        return tuple(
            Purchase(number, tuple(PurchasedProduct(*line) for line in drawn.lines))
            for number in self.group(group_no)
            for drawn in [self._drawn(Whose(THIS_MONTH, number))]
        )

    def open_at_first(self) -> list[int]:
        """Members whose bill of last month is neither paid nor sent back when the month begins."""
        numbers = range(1, self.members + 1)
        drawn = {number: self._drawn(Whose(LAST_MONTH, number)) for number in numbers}
        return [
            number
            for number, one in drawn.items()
            if (one.paid_date or self.last) > self.first
            and (one.cancelled_date or self.last) > self.first
        ]

    def reported(self, group_no: int, sent_back: Collection[Whose]) -> tuple[Reported, ...]:
        """What the bank reports on a group's billing day: payments since the last one.

        Who sends everything back does not pay.
        """
        today = self.first.replace(day=billing_day(group_no))
        since = self.first if group_no == 1 else today - timedelta(days=7)
        found = []
        for month in (LAST_MONTH, THIS_MONTH):
            for number in range(1, self.members + 1):
                whose = Whose(month, number)
                drawn = self._drawn(whose)
                paid = drawn.paid_date
                if paid is not None and since < paid <= today and whose not in sent_back:
                    found.append(Reported(number, drawn.billed_date, paid))
        return tuple(sorted(found, key=lambda one: (one.paid_date, one.member_no)))

    def _drawn(self, whose: Whose) -> Drawn:
        month = self.first
        if whose.month == LAST_MONTH:
            month = (self.first - timedelta(days=1)).replace(day=1)
        billed = billing_date_of(self._business.group_of(whose.member_no), month)
        draw = Draw(self._business.seed, whose.month, whose.member_no)
        return draw_bill(draw, whose.member_no, billed, self.last)
