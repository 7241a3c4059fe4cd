"""How long a raised limit lasts: the arithmetic of exam problem B, method 1.

The exam: the number of rows is 1.2 times the average in the month that has the most, and grows by
20 % a year or more. The log of one unit of work grows with the rows, so a limit that held the log
of an average month, raised by 20 %, holds that of the peak month and is used up by it.

Assumed: growth is the same in every month (1.2 over twelve of them), the average month of today is
the one in which the deletion just fits, and the peak falls in December.
"""

from __future__ import annotations

from datetime import date
from typing import Final

PEAK: Final = 1.2
YEARLY_GROWTH: Final = 1.2
RAISED: Final = 1.2
PEAK_MONTH: Final = 12

_MONTHS_MAX: Final = 1200
# Rounding must not make twelve months of growth more than a year's.
_TOLERANCE: Final = 1e-9


def volume(months: int, *, peak: bool) -> float:
    """The log of one month's deletion, in average months of today.

    >>> volume(0, peak=False), volume(12, peak=False), volume(12, peak=True)
    (1.0, 1.2, 1.44)
    """
    grown: float = YEARLY_GROWTH ** (months / 12)
    return round(grown * (PEAK if peak else 1.0), 9)


def fails_in(limit: float, today: date, *, peak_month: int = PEAK_MONTH) -> date:
    """The first month, as its first day, whose deletion exceeds `limit` average months' log.

    >>> fails_in(1.0, date(2024, 10, 1)), fails_in(1.2, date(2024, 10, 1))
    (datetime.date(2024, 11, 1), datetime.date(2024, 12, 1))
    >>> fails_in(1.2, date(2024, 10, 1), peak_month=10)
    datetime.date(2025, 10, 1)

    Raises:
        ValueError: the limit is not above 0.
    """
    if limit <= 0:
        raise ValueError(f"limit {limit:g}: must be above 0")
    for months in range(_MONTHS_MAX):
        month = _later(today, months)
        if volume(months, peak=month.month == peak_month) > limit + _TOLERANCE:
            return month
    raise AssertionError("a volume that grows every month exceeds every limit")


def lasts_for(limit: float) -> int:
    """Months until even an average month exceeds `limit` average months' log.

    >>> lasts_for(1.0), lasts_for(1.2), lasts_for(1.44)
    (1, 13, 25)
    """
    return next(m for m in range(_MONTHS_MAX) if volume(m, peak=False) > limit + _TOLERANCE)


def _later(today: date, months: int) -> date:
    years, month = divmod(today.month - 1 + months, 12)
    return date(today.year + years, month + 1, 1)
