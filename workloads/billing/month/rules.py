"""What must be true after a replayed month, whatever ran at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from harness.checks.invariant import Invariant
from schema.billing import bill, bill_line, member, product_billing
from schema.billing.invariants import billed_once, lines_belong, observe_bills, observe_counts


class Amounts(NamedTuple):
    """What a product's total says, and the amounts in the lines that are there, by bill."""

    total_yen: int
    kept: Mapping[int, int]
    """Of each bill the yen that were not sent back."""


class Standing(NamedTuple):
    """How a bill stands: when it was billed, and whether it is paid; None where nobody paid."""

    member_no: int
    billed_date: date
    paid_date: date | None


class Bills(NamedTuple):
    """Bills by their numbers, and the last paid date of every member."""

    standing: Mapping[int, Standing]
    last_paid: Mapping[int, date | None]


def observe_amounts(connection: Connection) -> Mapping[int, Amounts]:
    """Read each product's total, and its lines that were not sent back."""
    c = bill_line.c
    kept: dict[int, dict[int, int]] = {}
    found = connection.execute(
        select(c.product_no, c.bill_no, func.sum(c.amount))
        .where(c.returned == "N")
        .group_by(c.product_no, c.bill_no)
    )
    for product_no, bill_no, yen in found:
        kept.setdefault(product_no, {})[bill_no] = int(yen)
    totals = connection.execute(
        select(product_billing.c.product_no, product_billing.c.billed_total)
    )
    return {number: Amounts(int(total), kept.get(number, {})) for number, total in totals}


def observe_standing(connection: Connection) -> Bills:
    """Read the bills, and who has paid when."""
    c, m = bill.c, member.c
    rows = connection.execute(select(c.bill_no, c.member_no, c.billed_date, c.paid_date))
    paid = connection.execute(select(m.member_no, m.last_paid_date))
    return Bills({number: Standing(*row) for number, *row in rows}, dict(paid.all()))


def totals_follow(history: Sequence[tuple[Mapping[int, Amounts], Bills]]) -> str | None:
    """Judge: a product's total moves by what is billed and what is sent back, to the yen.

    Bulk deletion takes lines away and leaves the total: the lines of a bill that was paid and is
    gone count as kept. `history` is of `observe_all`.

    >>> none, old = Bills({}, {}), Bills({1: Standing(7, date(2024, 9, 7), None)}, {})
    >>> before = {101: Amounts(500, {1: 200})}
    >>> totals_follow([(before, old), ({101: Amounts(800, {2: 300})}, none)])
    >>> print(totals_follow([(before, old), ({101: Amounts(800, {1: 200})}, old)]))
    product 101: its total moved by 300 yen, and its lines by 0 yen
    """
    (before, _), (after, now) = history[0], history[-1]
    for number in sorted(before.keys() | after.keys()):
        if number not in before or number not in after:
            return f"product {number}: {'appeared' if number in after else 'is gone'}"
        was, stands = before[number], after[number]
        gone = sum(yen for bill_no, yen in was.kept.items() if bill_no not in now.standing)
        moved = stands.total_yen - was.total_yen
        by_lines = sum(stands.kept.values()) + gone - sum(was.kept.values())
        if moved != by_lines:
            return (
                f"product {number}: its total moved by {moved} yen, and its lines by {by_lines} yen"
            )
    return None


def observe_all(connection: Connection) -> tuple[Mapping[int, Amounts], Bills]:
    """Read what `totals_follow` compares."""
    return observe_amounts(connection), observe_standing(connection)


def only_paid_bills_go(history: Sequence[Bills]) -> str | None:
    """Judge: a bill that is gone was paid before, or its member has paid since it was billed.

    >>> day = date(2024, 9, 7)
    >>> before = Bills({1: Standing(7, day, None)}, {7: None})
    >>> only_paid_bills_go([before, Bills({}, {7: date(2024, 10, 7)})])
    >>> print(only_paid_bills_go([before, Bills({}, {7: None})]))
    bill 1: is gone, and member 7 never paid it
    """
    before, after = history[0], history[-1]
    for number, (member_no, billed, paid) in sorted(before.standing.items()):
        if number in after.standing or paid is not None:
            continue
        last = after.last_paid.get(member_no)
        if last is None or last <= billed:
            return f"bill {number}: is gone, and member {member_no} never paid it"
    return None


def nobody_billed_twice(connection: Connection) -> str | None:
    """Exam problem A: a member has two bills of a month."""
    return billed_once(observe_bills(connection))


def every_bill_is_whole(connection: Connection) -> str | None:
    """A bill has the lines it says it has, and no line is without a bill."""
    return lines_belong(observe_counts(connection))


INVARIANTS = (
    Invariant.of(nobody_billed_twice),
    Invariant.of(every_bill_is_whole),
    Invariant("totals follow what is billed and sent back", observe_all, totals_follow),
    Invariant("only paid bills go", observe_standing, only_paid_bills_go),
)
