"""When a month's work falls, laid on one stretch of online time.

Thirty-one days of ten online hours each follow on one another without their nights. The exam runs
the batch outside online time; here it may be moved into it, as bulk deletion is in its problem C.
"""

from __future__ import annotations

import calendar
from datetime import date
from typing import Final

DAYS: Final = 31
GROUPS: Final = (1, 2, 3, 4)

_DAY_S: Final = 10 * 3600.0
MONTH_S: Final = DAYS * _DAY_S
"""How long online time is, in seconds."""


def billing_day(group_no: int) -> int:
    """The day of the month on which a group is billed.

    >>> [billing_day(group_no) for group_no in GROUPS]
    [7, 14, 21, 28]
    """
    return 7 * group_no


def begins_s(day: int) -> float:
    """When a day's online time begins, in seconds after the month's.

    >>> begins_s(1), begins_s(2)
    (0.0, 36000.0)
    """
    return (day - 1) * _DAY_S


def billed_by(part: float) -> int:
    """How many groups have been billed when so much of the month is over, by the day before.

    >>> [billed_by(part) for part in (0.0, 0.25, 0.5, 1.0)]
    [0, 1, 2, 4]
    """
    yesterday = int(part * DAYS)
    return sum(billing_day(group_no) <= yesterday for group_no in GROUPS)


def last_day(first: date) -> date:
    """The last day of the month that begins on `first`.

    >>> str(last_day(date(2024, 2, 1)))
    '2024-02-29'
    """
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])
