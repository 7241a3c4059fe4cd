"""The billing fixture fits its tables and keeps the invariants; these see what breaks them."""

from collections import Counter

import pytest

from schema.billing import fixture, metadata
from schema.billing.invariants import (
    Billed,
    ProductTotal,
    all_billed,
    billed_once,
    counted,
    lines_belong,
    totals_follow_lines,
)

each_content = pytest.mark.parametrize(
    "content",
    [fixture.rows(), fixture.group_1_rows(), fixture.two_bills_rows()],
    ids=["month", "group 1", "two bills"],
)


@each_content
def test_the_fixture_names_every_table_and_fills_every_column(content):
    assert set(content) == set(metadata.tables)
    for name, rows in content.items():
        columns = metadata.tables[name].columns
        for row in rows:
            assert set(row) == set(columns.keys())
            empty = {column for column, value in row.items() if value is None}
            assert empty <= {column.name for column in columns if column.nullable}


@each_content
def test_every_foreign_key_finds_its_row(content):
    for table in metadata.sorted_tables:
        for key in (key for column in table.columns for key in column.foreign_keys):
            there = {row[key.column.name] for row in content[key.column.table.name]}
            assert {row[key.parent.name] for row in content[table.name]} <= there


@each_content
def test_the_fixture_keeps_the_invariants(content):
    bills = [Billed(r["bill_no"], r["member_no"], r["billed_date"]) for r in content["bill"]]
    assert billed_once(bills) is None
    said = {row["bill_no"]: row["line_count"] for row in content["bill"]}
    assert lines_belong(counted(said, [row["bill_no"] for row in content["bill_line"]])) is None
    billed = Counter()
    for line in content["bill_line"]:
        billed[line["product_no"]] += line["amount"] if line["returned"] == "N" else 0
    assert {
        row["billed_total"] - billed[row["product_no"]] for row in content["product_billing"]
    } == {fixture.CARRIED_YEN}


def test_groups_are_even_and_a_quarter_of_the_products_sells():
    content = fixture.rows()
    groups = Counter(row["group_no"] for row in content["member"])
    assert groups == {1: 2, 2: 2, 3: 2, 4: 2}
    sold = {row["product_no"] for row in content["bill_line"]}
    assert 4 * len(sold) == len(content["product_billing"])
    assert {row["line_count"] for row in content["bill"]} == {2}


def test_one_bill_is_open_and_one_is_returned():
    bills = {row["bill_no"]: row for row in fixture.rows()["bill"]}
    open_bills = [number for number, row in bills.items() if row["paid_date"] is None]
    assert open_bills == [fixture.UNPAID_BILL, fixture.RETURNED_BILL]
    cancelled = [number for number, row in bills.items() if row["cancelled_date"] is not None]
    assert cancelled == [fixture.RETURNED_BILL]


def test_nobody_who_should_be_billed_is_no_evidence():
    with pytest.raises(ValueError, match=r"^all_billed: needs the members that should be billed"):
        all_billed([], fixture.BILLING_MONTH, [])


def test_two_bills_in_two_months_are_fine_and_two_in_one_are_told():
    first = Billed(1, 7, fixture.LAST_MONTH)
    assert all_billed([7], fixture.LAST_MONTH, [first]) is None
    told = all_billed([7], fixture.LAST_MONTH, [first, Billed(2, 7, fixture.LAST_MONTH)])
    assert told == "member 7: billed 2 times in 2024-09, by bills 1 and 2"


@pytest.mark.parametrize("history", [[], [{}]], ids=["none", "one"])
def test_too_few_observations_of_totals_are_no_evidence(history):
    with pytest.raises(ValueError, match=r"^totals_follow_lines: needs 2 observations or more"):
        totals_follow_lines(history)


def test_a_product_that_comes_or_goes_is_told():
    there = {101: ProductTotal(5, 5)}
    assert totals_follow_lines([there, {}]) == "product 101: is gone"
    assert totals_follow_lines([{}, there]) == "product 101: appeared"


def test_a_total_that_is_one_yen_wrong_is_told():
    before, after = {101: ProductTotal(100, 0)}, {101: ProductTotal(201, 100)}
    assert totals_follow_lines([before, after]) == (
        "product 101: its total moved by 101 yen, and its lines by 100 yen"
    )


def test_a_line_without_a_bill_and_a_bill_without_lines_are_told():
    assert lines_belong(counted({}, [3, 3])) == "bill 3: has 2 lines, and is not there"
    assert lines_belong(counted({3: 2}, [])) == "bill 3: says 2 lines, and has 0"
    assert lines_belong(counted({3: 2}, [3])) == "bill 3: says 2 lines, and has 1"
    assert lines_belong(counted({}, [])) is None
