"""What must be true of the billing tables, whatever ran at the same time or was run again.

An `observe_…` function reads; a judging function is pure and takes what was observed. A judgement
is None where the rule holds, else a sentence with the values that break it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from schema.billing.bills import bill, bill_line
from schema.billing.members import product_billing


class Billed(NamedTuple):
    """One bill: whose it is, and when it was processed."""

    bill_no: int
    member_no: int
    billed_date: date

    @property
    def month(self) -> str:
        """The month in which it was processed, as people write it."""
        return f"{self.billed_date:%Y-%m}"


class ProductTotal(NamedTuple):
    """One product: its total, and what the lines add up to that are there and not returned."""

    billed_yen: int
    lines_yen: int


class Counted(NamedTuple):
    """One bill's lines: how many it says it has, and how many there are.

    `said` is None where lines are there and their bill is not.
    """

    said: int | None
    found: int


Bills = Sequence[Billed]
Totals = Mapping[int, ProductTotal]
Counts = Mapping[int, Counted]


def observe_bills(connection: Connection) -> Bills:
    """Read which bills (請求) there are, in the order of their numbers."""
    found = connection.execute(
        select(bill.c.bill_no, bill.c.member_no, bill.c.billed_date).order_by(bill.c.bill_no)
    )
    return [Billed(*row) for row in found]


def observe_totals(connection: Connection) -> Totals:
    """Read each product's total (請求額合計) with its lines' sum, in one statement."""
    kept = case((bill_line.c.returned == "N", bill_line.c.amount), else_=0)
    found = connection.execute(
        select(
            product_billing.c.product_no,
            product_billing.c.billed_total,
            func.coalesce(func.sum(kept), 0),
        )
        .select_from(product_billing.outerjoin(bill_line))
        .group_by(product_billing.c.product_no, product_billing.c.billed_total)
    )
    return {number: ProductTotal(int(total), int(lines)) for number, total, lines in found}


def observe_counts(connection: Connection) -> Counts:
    """Read how many lines each bill should have (明細数) and has, and those without a bill."""
    said = dict(connection.execute(select(bill.c.bill_no, bill.c.line_count)).all())
    found = connection.execute(select(bill_line.c.bill_no)).scalars()
    return counted(said, found)


def counted(said: Mapping[int, int], line_bills: Iterable[int]) -> Counts:
    """Count lines: `said` is what each bill says, `line_bills` the bill number of every line.

    >>> counted({1: 2}, [1, 1, 7])
    {1: Counted(said=2, found=2), 7: Counted(said=None, found=1)}
    """
    found = Counter(line_bills)
    numbers = sorted(said.keys() | found.keys())
    return {number: Counted(said.get(number), found[number]) for number in numbers}


def billed_once(bills: Bills) -> str | None:
    """Judge: no member is billed twice in one month.

    >>> first, last = Billed(1, 7, date(2024, 9, 7)), Billed(2, 7, date(2024, 10, 7))
    >>> billed_once([first, last])
    >>> print(billed_once([first, last, Billed(5, 7, date(2024, 10, 8))]))
    member 7: billed 2 times in 2024-10, by bills 2 and 5
    """
    numbers: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for one in bills:
        numbers[one.member_no, one.month].append(one.bill_no)
    for (member_no, month), found in sorted(numbers.items()):
        if len(found) > 1:
            return (
                f"member {member_no}: billed {len(found)} times in {month}, "
                f"by bills {' and '.join(map(str, found))}"
            )
    return None


def all_billed(members: Collection[int], month: date, bills: Bills) -> str | None:
    """Judge: each of these members has exactly one bill of the month.

    Raises:
        ValueError: no members are named, which is no evidence either way.

    >>> month = date(2024, 10, 1)
    >>> all_billed([7], month, [Billed(2, 7, date(2024, 10, 7))])
    >>> print(all_billed([7, 8], month, [Billed(2, 7, date(2024, 10, 7))]))
    member 8: not billed in 2024-10
    """
    if not members:
        raise ValueError("all_billed: needs the members that should be billed, got none")
    of_month = [one for one in bills if one.month == f"{month:%Y-%m}"]
    missing = sorted(set(members) - {one.member_no for one in of_month})
    if missing:
        return f"member {missing[0]}: not billed in {month:%Y-%m}"
    return billed_once(of_month)


def totals_follow_lines(history: Sequence[Totals]) -> str | None:
    """Judge: a product's total moves by what its lines move by, to the yen.

    `history` holds two observations or more, oldest first. The difference of the two is what was
    billed before, by bills that are deleted by now; so it may not be judged over a bulk deletion.

    >>> totals_follow_lines([{101: ProductTotal(500, 0)}, {101: ProductTotal(800, 300)}])
    >>> print(totals_follow_lines([{101: ProductTotal(500, 0)}, {101: ProductTotal(800, 0)}]))
    product 101: its total moved by 300 yen, and its lines by 0 yen

    Raises:
        ValueError: fewer than two observations, which is no evidence either way.
    """
    if len(history) < 2:
        raise ValueError(f"totals_follow_lines: needs 2 observations or more, got {len(history)}")
    before = history[0]
    for after in history[1:]:
        for number in sorted(before.keys() | after.keys()):
            if number not in before or number not in after:
                return f"product {number}: {'appeared' if number in after else 'is gone'}"
            moved = after[number].billed_yen - before[number].billed_yen
            by_lines = after[number].lines_yen - before[number].lines_yen
            if moved != by_lines:
                return (
                    f"product {number}: its total moved by {moved} yen, "
                    f"and its lines by {by_lines} yen"
                )
    return None


def lines_belong(counts: Counts) -> str | None:
    """Judge: every bill has the lines it says it has, and no line is without a bill.

    >>> lines_belong({1: Counted(2, 2)})
    >>> print(lines_belong({1: Counted(2, 0)}))
    bill 1: says 2 lines, and has 0
    >>> print(lines_belong({1: Counted(None, 2)}))
    bill 1: has 2 lines, and is not there
    """
    for number, (said, found) in sorted(counts.items()):
        if said is None:
            return f"bill {number}: has {found} lines, and is not there"
        if said != found:
            return f"bill {number}: says {said} lines, and has {found}"
    return None
