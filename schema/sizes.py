"""The bounds of what is generated, which both systems have in common."""

from datetime import date
from typing import Final

# Every group of billing has a member from four on; a few more make a month look like one.
SCALE_MIN: Final = 0.0002
# More would not fit into the eight characters of a customer code.
SCALE_MAX: Final = 100.0
# Before the first and after the last of these, some date of the data would leave the calendar.
YEAR_MIN, YEAR_MAX = 1900, 9000


def see_bounds(scale: float, seed: int, business_date: date) -> None:
    """See that data of such a size can be generated.

    >>> see_bounds(0.01, 1, date(2024, 10, 15))

    Raises:
        ValueError: a value is out of bounds; the text says of which.
    """
    if not SCALE_MIN <= scale <= SCALE_MAX:  # false of a NaN, too
        raise ValueError(f"scale {scale:g}: must be from {SCALE_MIN:g} to {SCALE_MAX:g}")
    if not 0 <= seed < 1 << 32:
        raise ValueError(f"seed {seed}: must be a whole number from 0 to {(1 << 32) - 1}")
    if not YEAR_MIN <= business_date.year <= YEAR_MAX:
        raise ValueError(
            f"business date {business_date}: the year must be from {YEAR_MIN} to {YEAR_MAX}"
        )
