"""The billing tables, their numbering, their constraints and their invariants on every engine."""

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from schema.billing import bill, bill_line, fixture, member, metadata, product_billing
from schema.billing.constraints import bill_of_month, unique_billed_date, unique_billing_month
from schema.billing.invariants import (
    Billed,
    ProductTotal,
    all_billed,
    billed_once,
    lines_belong,
    observe_bills,
    observe_counts,
    observe_totals,
    totals_follow_lines,
)

pytestmark = pytest.mark.integration

SECOND = {"member_no": 1, "billed_date": fixture.BILLING_DATE, "line_count": 1}


def test_the_engine_numbers_the_bills_as_the_fixture_lists_them(connection):
    for table in metadata.sorted_tables:
        rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
        assert [dict(row) for row in rows] == fixture.rows()[table.name]


def test_a_new_bill_gets_a_number_that_no_bill_has(connection):
    (number,) = connection.execute(insert(bill).values(SECOND)).inserted_primary_key
    assert number == 9


def test_the_fixture_keeps_the_invariants(connection):
    bills = observe_bills(connection)
    assert billed_once(bills) is None
    assert all_billed(range(1, 9), fixture.LAST_MONTH, bills) is None
    assert lines_belong(observe_counts(connection)) is None
    totals = observe_totals(connection)
    assert totals_follow_lines([totals, totals]) is None
    carried = {total.billed_yen - total.lines_yen for total in totals.values()}
    assert carried == {fixture.CARRIED_YEN}


def test_what_breaks_an_invariant_is_seen(connection):
    before = observe_totals(connection)
    connection.execute(insert(bill).values(SECOND))
    connection.execute(insert(bill).values(SECOND))
    connection.execute(update(product_billing).values(billed_total=1))
    bills = observe_bills(connection)
    assert bills[-1] == Billed(10, 1, fixture.BILLING_DATE)
    assert billed_once(bills) == "member 1: billed 2 times in 2024-10, by bills 9 and 10"
    assert lines_belong(observe_counts(connection)) == "bill 9: says 1 lines, and has 0"
    after = observe_totals(connection)
    assert after[102] == ProductTotal(1, 0)
    assert totals_follow_lines([before, after]) == (
        "product 101: its total moved by -106609 yen, and its lines by 0 yen"
    )


@pytest.mark.parametrize(
    "statement",
    [
        delete(bill).where(bill.c.bill_no == 1),
        delete(product_billing),
        insert(bill_line).values(
            bill_no=99, line_no=1, product_no=101, quantity=1, amount=1, returned="N"
        ),
        insert(bill).values(SECOND | {"member_no": 99}),
        insert(bill).values(SECOND | {"line_count": 0}),
        update(bill_line).values(returned="?"),
        update(product_billing).values(billed_total=-1),
        update(member).values(group_no=5),
    ],
    ids=lambda statement: f"{statement.__visit_name__} {statement.table.name}",
)
def test_what_breaks_a_constraint_is_refused(connection, statement):
    with pytest.raises(DBAPIError):
        connection.execute(statement)
    connection.rollback()
    assert lines_belong(observe_counts(connection)) is None


def test_only_the_mended_tables_refuse_a_second_bill_of_a_day(database):
    for tables, refuses in ((metadata, False), (unique_billed_date, True)):
        tables.create_all(database.engine)
        with database.engine.connect() as connection:
            fixture.load(connection, fixture.group_1_rows())
            connection.execute(insert(bill).values(SECOND))
            if refuses:
                with pytest.raises(IntegrityError):
                    connection.execute(insert(bill).values(SECOND))
            else:
                connection.execute(insert(bill).values(SECOND))
            connection.rollback()
        tables.drop_all(database.engine)


def test_a_billing_month_is_taken_once_and_may_be_missing_more_often(database):
    unique_billing_month.create_all(database.engine)
    with database.engine.connect() as connection:
        fixture.load(connection, fixture.group_1_rows())
        connection.execute(insert(bill_of_month).values(SECOND))
        connection.execute(insert(bill_of_month).values(SECOND))
        of_month = SECOND | {"billing_month": fixture.BILLING_MONTH}
        connection.execute(insert(bill_of_month).values(of_month))
        with pytest.raises(IntegrityError):
            connection.execute(insert(bill_of_month).values(of_month))
