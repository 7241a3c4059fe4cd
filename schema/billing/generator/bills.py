"""One bill with its lines, drawn by lot: the same for the same seed, month and member."""

from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from schema.draw import Draw

PRODUCTS: Final = 1_000
"""The kinds of products; their number does not change with the scale (exam: nor over the year)."""

_FIRST_PRODUCT: Final = 101
_SELLS_ONE_IN: Final = 4
_SOLD: Final = PRODUCTS // _SELLS_ONE_IN

# By member number: two lines on the average, as in the exam, and not the same number everywhere, so
# that a unit of so many lines ends in the middle of some bill.
_LINE_COUNTS: Final = (1, 2, 2, 3)

_RETURNED: Final = 0.01
_NEVER_PAID: Final = 0.02
# The exam: "paid within one month of bill registration".
_PAID_WITHIN_DAYS: Final = 28


class Line(NamedTuple):
    """One line of a bill; amounts in yen."""

    product_no: int
    quantity: int
    amount: int


class Drawn(NamedTuple):
    """One bill: when it was billed, what became of it, and its lines."""

    billed_date: date
    paid_date: date | None
    cancelled_date: date | None
    lines: tuple[Line, ...]

    @property
    def returned(self) -> str:
        """The flag of all its lines (返品フラグ)."""
        return "N" if self.cancelled_date is None else "Y"

    @property
    def kept_lines(self) -> tuple[Line, ...]:
        """The lines whose amounts are in the products' totals."""
        return self.lines if self.cancelled_date is None else ()

    def row(self, bill_no: int, member_no: int) -> tuple[Any, ...]:
        """Its row in `bill`."""
        return (
            bill_no,
            member_no,
            self.billed_date,
            len(self.lines),
            self.paid_date,
            self.cancelled_date,
        )

    def line_rows(self, bill_no: int) -> list[tuple[Any, ...]]:
        """Its rows in `bill_line`."""
        return [
            (bill_no, line_no, *line, self.returned)
            for line_no, line in enumerate(self.lines, start=1)
        ]


def product_numbers() -> range:
    """All product numbers."""
    return range(_FIRST_PRODUCT, _FIRST_PRODUCT + PRODUCTS)


def draw_bill(draw: Draw, member_no: int, billed: date, today: date) -> Drawn:
    """A member's bill of the day `billed`, as it stands at the end of `today`."""
    lines = _lines(draw, _LINE_COUNTS[member_no % len(_LINE_COUNTS)])
    days = draw.between(1, _PAID_WITHIN_DAYS)
    lot = draw.below(1_000_000) / 1_000_000
    later = billed + timedelta(days=days)
    happened = later if later <= today else None
    if lot < _RETURNED:
        return Drawn(billed, None, happened, lines)
    if lot < _RETURNED + _NEVER_PAID:
        return Drawn(billed, None, None, lines)
    return Drawn(billed, happened, None, lines)


def _lines(draw: Draw, count: int) -> tuple[Line, ...]:
    """So many lines for different products, in the order of their numbers."""
    places: set[int] = set()
    while len(places) < count:
        places.add(draw.below(_SOLD))
    return tuple(_line(draw, _FIRST_PRODUCT + place * _SELLS_ONE_IN) for place in sorted(places))


def _line(draw: Draw, product_no: int) -> Line:
    quantity = draw.between(1, 5)
    price_yen = 500 + product_no * 37 % 200 * 10
    return Line(product_no, quantity, quantity * price_yen)
