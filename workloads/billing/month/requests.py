"""What clerks ask for in the month: each request finds what is there when it is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from harness.replay.day import SPARE, Circumstances
from workloads.billing.month.business import LAST_MONTH, THIS_MONTH, Month, Whose
from workloads.billing.month.calendar import GROUPS, billed_by
from workloads.billing.online.bill_cancellation import BillCancellationRequest
from workloads.billing.online.bill_inquiry import BillRange

# The exam gives no number of inquiries: assumed is that every second member asks about a bill once
# a month, and that totals are asked for in ranges, a fifth as often.
INQUIRIES_1: Final = 50_000
INQUIRIES_2: Final = 10_000
# As many as the generator of the data lets come back: one bill in a hundred.
CANCELLATIONS: Final = 1_000

_RANGE_BILLS: Final = 20


class _Lots:
    """Lots for one kind of request; only `Random.random` is drawn from, which Python keeps."""

    def __init__(self, seed: int, kind: str) -> None:
        self._draw = Random(f"{seed} {kind}").random

    def below(self, end: int) -> int:
        """A whole number from 0, below `end`."""
        return int(self._draw() * end)

    def taken_from(self, things: list[int]) -> int:
        """One of the things, which is then gone from the list."""
        place = self.below(len(things))
        things[place], things[-1] = things[-1], things[place]
        return things.pop()


def inquiries(circumstances: Circumstances, month: Month) -> Mapping[str, Sequence[Any]]:
    """Inquiries 1 and 2, by number, into bills that are there when they are due."""
    one, two = (_Lots(circumstances.seed, kind) for kind in ("inquiry 1", "inquiry 2"))
    ranges = []
    for part in _parts(circumstances, INQUIRIES_2):
        there = _there(month, part)
        first = 1 + two.below(max(1, there - _RANGE_BILLS))
        ranges.append(BillRange(first, min(there, first + _RANGE_BILLS - 1)))
    numbers = [1 + one.below(_there(month, part)) for part in _parts(circumstances, INQUIRIES_1)]
    return {"bill_inquiry_1": numbers, "bill_inquiry_2": ranges}


def sent_back(circumstances: Circumstances, month: Month) -> list[Whose]:
    """Which bills are sent back, in the order of the requests; none of them twice.

    One after the other of last month's that are open and, once there are some, of this month's.

    Raises:
        ValueError: there are not enough bills.
    """
    lots = _Lots(circumstances.seed, "cancellation")
    old = month.open_at_first()
    new = {group_no: list(month.group(group_no)) for group_no in GROUPS}
    found = []
    for number, part in enumerate(_parts(circumstances, CANCELLATIONS)):
        billed = [group_no for group_no in GROUPS[: billed_by(part)] if new[group_no]]
        if number % 2 and billed:
            found.append(Whose(THIS_MONTH, lots.taken_from(new[billed[lots.below(len(billed))]])))
        elif old:
            found.append(Whose(LAST_MONTH, lots.taken_from(old)))
        else:
            raise ValueError(f"{number} bills that can be sent back are not enough")
    return found


def cancellations(month: Month, back: Sequence[Whose]) -> list[BillCancellationRequest]:
    """A request for each bill that is sent back."""
    return [BillCancellationRequest(month.bill_no(whose), month.last) for whose in back]


def _parts(circumstances: Circumstances, monthly: int) -> list[float]:
    """What part of the month is over when each request is due, on the average.

    Requests arrive anywhere with equal chance, and are handed out in the order of arrival. What is
    left over comes at the end.
    """
    wanted = circumstances.of_day(monthly)
    return [min(1.0, number / wanted) for number in range(wanted + SPARE)]


def _there(month: Month, part: float) -> int:
    """The highest bill number by then."""
    return month.members + month.members * billed_by(part) // len(GROUPS)
