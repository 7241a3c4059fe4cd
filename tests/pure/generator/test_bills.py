"""Generated bills: the same for the same seed, in step with the tables' rules and the exam."""

from collections import Counter
from datetime import date, timedelta

import pytest
from pure.generator.made import in_sqlite, peak_bytes, rows_by_table
from sqlalchemy import func, select

from schema.billing import bill, bill_line, member, product_billing
from schema.billing.fixture import CARRIED_YEN
from schema.billing.generator import generate
from schema.billing.invariants import (
    all_billed,
    lines_belong,
    observe_bills,
    observe_counts,
    observe_totals,
)

MONTH_END = date(2024, 10, 31)
TWO_BLOCKS = 0.015


def all_rows(scale=0.001, seed=1, day=MONTH_END):
    return rows_by_table(generate(scale, seed, day))


@pytest.fixture(scope="module")
def loaded():
    """Two blocks, every foreign key and every check kept."""
    with in_sqlite(generate(TWO_BLOCKS, 1, MONTH_END)) as connection:
        yield connection


def test_same_seed_gives_the_same_rows_and_another_seed_others():
    assert all_rows(seed=7) == all_rows(seed=7)
    assert all_rows(seed=7)["bill_line"] != all_rows(seed=8)["bill_line"]


def test_every_member_has_a_bill_in_each_of_two_months(loaded):
    members = loaded.scalars(select(member.c.member_no)).all()
    assert len(members) == 1_500
    bills = observe_bills(loaded)
    assert len(bills) == 3_000
    for month in (date(2024, 9, 1), date(2024, 10, 1)):
        assert all_billed(members, month, bills) is None
    assert all_billed([*members, 9_999], MONTH_END, bills) is not None


def test_bills_are_numbered_by_day_and_have_the_lines_they_say(loaded):
    days = loaded.scalars(select(bill.c.billed_date).order_by(bill.c.bill_no)).all()
    assert days == sorted(days)
    assert sorted({day.day for day in days}) == [7, 14, 21, 28]
    assert lines_belong(observe_counts(loaded)) is None


def test_a_bill_has_two_lines_on_the_average_and_not_everywhere(loaded):
    counts = Counter(loaded.scalars(select(bill.c.line_count)))
    assert counts == {1: 750, 2: 1_500, 3: 750}
    assert loaded.scalar(select(func.count()).select_from(bill_line)) == 2 * 3_000


def test_one_product_in_four_sells(loaded):
    sold = set(loaded.scalars(select(bill_line.c.product_no)))
    kinds = loaded.scalar(select(func.count()).select_from(product_billing))
    assert (len(sold), kinds) == (250, 1_000)


def test_totals_are_what_was_carried_and_the_lines_that_stay(loaded):
    totals = observe_totals(loaded)
    assert {one.billed_yen - one.lines_yen for one in totals.values()} == {CARRIED_YEN}


def test_most_of_last_month_is_paid_and_some_is_not(loaded):
    last = bill.c.billed_date < date(2024, 10, 1)
    paid, open_, back = (
        loaded.scalar(select(func.count()).select_from(bill).where(last, which))
        for which in (
            bill.c.paid_date.is_not(None),
            bill.c.paid_date.is_(None) & bill.c.cancelled_date.is_(None),
            bill.c.cancelled_date.is_not(None),
        )
    )
    assert paid + open_ + back == 1_500
    assert paid > 1_400
    assert min(open_, back) > 0


def test_nothing_has_happened_after_the_business_date():
    day = date(2024, 10, 15)
    found = all_rows(day=day)
    dates = [value for row in found["bill"] for value in row if isinstance(value, date)]
    assert max(dates) <= day
    # Groups 1 and 2 have had their days, the 7th and the 14th.
    assert len(found["bill"]) == 100 + 50
    assert len(all_rows(day=date(2024, 10, 6))["bill"]) == 100


def test_a_members_dates_are_those_of_its_bills():
    found = all_rows()
    billed = {}
    for row in found["bill"]:
        billed[row[1]] = max(billed.get(row[1], row[2]), row[2])
    assert {row[0]: row[4] for row in found["member"]} == billed
    assert all(row[5] <= MONTH_END for row in found["member"])
    assert all(row[5] > MONTH_END - timedelta(days=120) for row in found["member"])


def test_memory_does_not_grow_with_the_scale():
    peaks = [peak_bytes(generate(scale, 1, MONTH_END)) for scale in (0.02, 0.05)]
    assert peaks[1] < peaks[0] * 1.2


@pytest.mark.parametrize("scale", [0.0002, 0.00023, 0.0101])
def test_odd_sizes_keep_the_keys_apart_and_give_every_group_its_members(scale):
    found = all_rows(scale)
    groups = Counter(row[3] for row in found["member"])
    assert sorted(groups) == [1, 2, 3, 4]
    assert max(groups.values()) - min(groups.values()) <= 1
    numbers = [row[0] for row in found["bill"]]
    assert numbers == list(range(1, 2 * len(found["member"]) + 1))


@pytest.mark.parametrize(
    ("scale", "seed", "day", "said"),
    [
        (0, 1, MONTH_END, "scale 0: must be from 0.0002 to 100"),
        (float("nan"), 1, MONTH_END, "scale nan: must be"),
        (101, 1, MONTH_END, "scale 101: must be"),
        (1, -1, MONTH_END, "seed -1: must be a whole number from 0"),
        (1, 1, date(1, 1, 1), "business date 0001-01-01: the year must be from 1900 to 9000"),
    ],
)
def test_what_is_out_of_bounds_is_refused(scale, seed, day, said):
    with pytest.raises(ValueError, match=said):
        generate(scale, seed, day)


def test_the_ends_of_the_bounds_are_accepted():
    assert generate(100, 0, MONTH_END).members == 10_000_000
    for year in (1900, 9000):
        assert next(iter(generate(0.0002, 1, date(year, 1, 1)).rows()))["member"]
