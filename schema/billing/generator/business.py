"""The billing tables at some size on some day, block by block."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import MetaData

from schema.billing.collection import metadata
from schema.billing.fixture import CARRIED_YEN, billing_date_of
from schema.billing.generator.bills import Drawn, draw_bill, product_numbers
from schema.draw import Draw
from schema.sizes import see_bounds

MEMBERS_AT_SCALE_1: Final = 100_000
BLOCK_MEMBERS: Final = 1_000
_GROUPS: Final = 4

BlockRows = Mapping[str, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class BilledBusiness:
    """What is to be generated; the rows come from `rows()`."""

    members: int
    """Members (会員), each with a bill a month."""
    seed: int
    business_date: date
    """The tables are as they stand at the end of this day."""
    metadata: MetaData = metadata

    @property
    def blocks(self) -> int:
        """How many blocks `rows` yields: each 1,000 members once for each month."""
        return 2 * math.ceil(self.members / BLOCK_MEMBERS)

    def rows(self) -> Iterator[BlockRows]:
        """The rows, block by block: for each table those of the block, in the order of its columns.

        First all members with last month's bills, then this month's bills. Bills are numbered as
        the engine would have numbered them, from 1: by their days, and by members within a day.
        """
        first = {"product_billing": self._products()}
        for members in self._member_blocks():
            yield self._block(first, members, 0)
            first = {}
        for members in self._member_blocks():
            yield self._block({}, members, 1)

    def group_of(self, member_no: int) -> int:
        """The group of a member: four, evenly, and members of one group lie together."""
        return (member_no - 1) * _GROUPS // self.members + 1

    def _block(self, begun: BlockRows, members: range, month: int) -> BlockRows:
        rows: dict[str, list[tuple[Any, ...]]] = {
            table.name: [] for table in metadata.sorted_tables
        }
        for name, found in begun.items():
            rows[name] += found
        for member_no in members:
            if month == 0:
                rows["member"].append(self._member(member_no))
            if (drawn := self._bill(member_no, month)) is not None:
                bill_no = month * self.members + member_no
                rows["bill"].append(drawn.row(bill_no, member_no))
                rows["bill_line"] += drawn.line_rows(bill_no)
        return rows

    def _member_blocks(self) -> Iterator[range]:
        for first in range(1, self.members + 1, BLOCK_MEMBERS):
            yield range(first, min(first + BLOCK_MEMBERS, self.members + 1))

    def _bill(self, member_no: int, month: int) -> Drawn | None:
        """A member's bill of last month (0) or this month (1); None if its day has not come."""
        first = self.business_date.replace(day=1)
        if month == 0:
            first = (first - timedelta(days=1)).replace(day=1)
        billed = billing_date_of(self.group_of(member_no), first)
        if billed > self.business_date:
            return None
        return draw_bill(Draw(self.seed, month, member_no), member_no, billed, self.business_date)

    def _member(self, member_no: int) -> tuple[Any, ...]:
        drawn = [found for month in (0, 1) if (found := self._bill(member_no, month)) is not None]
        # Who has paid neither has paid a bill that is deleted by now.
        older = drawn[0].billed_date.replace(day=1) - timedelta(days=1 + member_no % 28)
        return (
            member_no,
            f"Member {member_no}",
            f"{1 + member_no % 9}-{1 + member_no % 30} Minami",
            self.group_of(member_no),
            drawn[-1].billed_date,
            max((one.paid_date for one in drawn if one.paid_date is not None), default=older),
        )

    def _products(self) -> list[tuple[Any, ...]]:
        """Every product with its total; the bills are drawn for it once more, as no row is kept."""
        kept: Counter[int] = Counter()
        for member_no in range(1, self.members + 1):
            for month in (0, 1):
                if (drawn := self._bill(member_no, month)) is not None:
                    for line in drawn.kept_lines:
                        kept[line.product_no] += line.amount
        return [
            (number, f"Product {number}", CARRIED_YEN + kept[number])
            for number in product_numbers()
        ]


def generate(scale: float, seed: int, business_date: date) -> BilledBusiness:
    """Bills of `scale` times 100,000 members.

    >>> generate(0.001, 1, date(2024, 10, 31)).members
    100

    Raises:
        ValueError: a value is out of bounds; the text says of which.
    """
    see_bounds(scale, seed, business_date)
    return BilledBusiness(round(MEMBERS_AT_SCALE_1 * scale), seed, business_date)
