"""Calendar months, as maintenance orders count the time between two reports in them."""

import calendar
from datetime import date


def months_later(day: date, months: int) -> date:
    """The same day of the month, `months` months later or (negative) earlier.

    Where that month is too short, its last day.

    >>> months_later(date(2024, 10, 20), 6), months_later(date(2024, 1, 31), 1)
    (datetime.date(2025, 4, 20), datetime.date(2024, 2, 29))
    >>> months_later(date(2024, 1, 15), -1)
    datetime.date(2023, 12, 15)
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
