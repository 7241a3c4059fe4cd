"""Every billing program does what the exam says of it, on every engine."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from schema.billing import bill, bill_line, fixture, member, product_billing
from schema.billing.invariants import (
    all_billed,
    lines_belong,
    observe_bills,
    observe_counts,
    observe_totals,
    totals_follow_lines,
)
from workloads.billing.batch.bill_registration import (
    BillRegistrationRequest,
    BillRegistrationResult,
    Purchase,
    PurchasedProduct,
    bill_registration,
    bill_registration_claiming,
    bill_registration_restart,
)
from workloads.billing.batch.bulk_deletion import (
    BulkDeletionRequest,
    BulkDeletionResult,
    bulk_deletion,
    bulk_deletion_by_ranges,
    bulk_deletion_by_rows,
    bulk_deletion_by_whole_bills,
    bulk_deletion_sparing,
)
from workloads.billing.batch.payment_registration import (
    Payment,
    PaymentRegistrationRequest,
    PaymentRegistrationResult,
    payment_registration,
)
from workloads.billing.online.bill_cancellation import (
    BillCancellationRequest,
    BillCancellationResult,
    bill_cancellation,
)
from workloads.billing.online.bill_inquiry import (
    BillRange,
    TotalShown,
    bill_inquiry_1,
    bill_inquiry_2,
    bill_inquiry_2_complete,
    bill_inquiry_2_locking,
)
from workloads.billing.refusals import (
    BillNotFoundError,
    MonthNotOverError,
    NothingToReturnError,
    NotInGroupError,
    PurchasedTwiceError,
    UnknownGroupError,
)

pytestmark = pytest.mark.integration

TODAY = fixture.BILLING_DATE
MONTH_END = BulkDeletionRequest(date(2024, 10, 31))
BOUGHT = (PurchasedProduct(105, 3, 3000), PurchasedProduct(101, 1, 1200))


def of_group(group_no, *member_nos):
    purchases = tuple(Purchase(number, BOUGHT) for number in member_nos)
    return BillRegistrationRequest(group_no, TODAY, fixture.BILLING_MONTH, purchases)


def rows(connection, table):
    found = connection.execute(select(table).order_by(*table.primary_key)).mappings()
    return [dict(row) for row in found]


def whole(connection):
    return [rows(connection, table) for table in (member, product_billing, bill, bill_line)]


def test_registration_adds_bills_and_lines_and_moves_date_and_totals(connection):
    before = observe_totals(connection)
    assert bill_registration(connection, of_group(1, 2, 1)) == BillRegistrationResult(2, 0)
    assert not connection.in_transaction()
    added = rows(connection, bill)[8:]
    assert [(row["bill_no"], row["member_no"]) for row in added] == [(9, 1), (10, 2)]
    assert {(row["billed_date"], row["line_count"], row["paid_date"]) for row in added} == {
        (TODAY, 2, None)
    }
    lines = [row for row in rows(connection, bill_line) if row["bill_no"] == 9]
    assert [(row["line_no"], row["product_no"], row["amount"]) for row in lines] == [
        (1, 101, 1200),
        (2, 105, 3000),
    ]
    dates = {row["member_no"]: row["last_billed_date"] for row in rows(connection, member)}
    assert [dates[1], dates[2], dates[3]] == [TODAY, TODAY, date(2024, 9, 14)]
    after = observe_totals(connection)
    assert after[105].billed_yen - before[105].billed_yen == 6000
    assert totals_follow_lines([before, after]) is None
    assert lines_belong(observe_counts(connection)) is None


def test_four_groups_bill_every_member_once(connection):
    for group_no in range(1, 5):
        request = of_group(group_no, 2 * group_no - 1, 2 * group_no)
        day = fixture.billing_date_of(group_no, fixture.BILLING_MONTH)
        bill_registration(connection, replace(request, processing_date=day))
    assert all_billed(range(1, 9), fixture.BILLING_MONTH, observe_bills(connection)) is None


@pytest.mark.parametrize(
    ("request_", "refusal", "says"),
    [
        (of_group(5), UnknownGroupError, "group 5: has no members; groups are 1 to 4"),
        (
            of_group(1, 1, 7, 3),
            NotInGroupError,
            "group 1: purchases of members that are not in it: 3, 7",
        ),
        (
            of_group(1, 1, 1),
            PurchasedTwiceError,
            "member 1: stands twice among the purchases of one run",
        ),
    ],
    ids=["no such group", "strangers", "twice"],
)
def test_registration_refuses_what_it_cannot_bill(connection, request_, refusal, says):
    before = whole(connection)
    connection.commit()
    with pytest.raises(refusal) as refused:
        bill_registration(connection, request_)
    assert str(refused.value) == says
    assert not connection.in_transaction()
    assert whole(connection) == before


def test_a_product_that_is_not_there_takes_the_whole_bill_with_it(connection):
    wrong = Purchase(2, (*BOUGHT, PurchasedProduct(999, 1, 1)))
    request = replace(of_group(1, 1), purchases=(*of_group(1, 1).purchases, wrong))
    before = observe_totals(connection)
    connection.commit()
    with pytest.raises(IntegrityError):
        bill_registration(connection, request)
    connection.rollback()
    assert [one.member_no for one in observe_bills(connection)][8:] == [1]
    assert totals_follow_lines([before, observe_totals(connection)]) is None


def test_a_group_without_purchases_changes_nothing(connection):
    before = whole(connection)
    connection.commit()
    assert bill_registration(connection, of_group(1)) == BillRegistrationResult(0, 0)
    assert not connection.in_transaction()
    assert whole(connection) == before


@pytest.mark.parametrize("program", [bill_registration_restart, bill_registration_claiming])
def test_who_is_billed_already_is_passed_over(connection, program):
    assert program(connection, of_group(1, 1)) == BillRegistrationResult(1, 0)
    assert program(connection, of_group(1, 1, 2)) == BillRegistrationResult(1, 1)
    assert program(connection, of_group(1, 1, 2)) == BillRegistrationResult(0, 2)
    assert not connection.in_transaction()
    assert [one.member_no for one in observe_bills(connection)][8:] == [1, 2]


def test_payments_set_the_dates_of_open_bills_only(connection):
    paid = date(2024, 10, 6)
    report = PaymentRegistrationRequest(
        (
            Payment(fixture.UNPAID_BILL, 4, paid),
            Payment(fixture.RETURNED_BILL, 5, paid),
            Payment(1, 1, paid),  # paid before
            Payment(fixture.UNPAID_BILL, 3, paid),  # somebody else's
            Payment(99, 1, paid),
        )
    )
    before = whole(connection)
    connection.commit()
    assert payment_registration(connection, report) == PaymentRegistrationResult(1, 4)
    expected = whole(connection)
    before[0][3]["last_paid_date"] = paid
    before[2][fixture.UNPAID_BILL - 1]["paid_date"] = paid
    assert expected == before
    connection.commit()
    assert payment_registration(connection, report) == PaymentRegistrationResult(0, 5)
    assert whole(connection) == before


def test_an_earlier_payment_that_comes_late_leaves_the_later_date(connection):
    bill_registration(connection, of_group(1, 1))
    late = PaymentRegistrationRequest((Payment(9, 1, date(2024, 9, 30)),))
    assert payment_registration(connection, late).registered_payments == 1
    assert rows(connection, member)[0]["last_paid_date"] == date(2024, 10, 1)
    assert rows(connection, bill)[8]["paid_date"] == date(2024, 9, 30)


def test_a_cancellation_takes_lines_back_and_their_amounts_off(connection):
    before = observe_totals(connection)
    request = BillCancellationRequest(1, TODAY, (2,))
    assert bill_cancellation(connection, request) == BillCancellationResult(1, 1820)
    after = observe_totals(connection)
    assert (after[101], after[105].billed_yen) == (before[101], before[105].billed_yen - 1820)
    assert totals_follow_lines([before, after]) is None
    rest = BillCancellationRequest(1, date(2024, 10, 9))
    assert bill_cancellation(connection, rest) == BillCancellationResult(1, 910)
    assert rows(connection, bill)[0]["cancelled_date"] == TODAY
    assert totals_follow_lines([before, observe_totals(connection)]) is None


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (BillCancellationRequest(99, TODAY), BillNotFoundError),
        (BillCancellationRequest(fixture.RETURNED_BILL, TODAY), NothingToReturnError),
        (BillCancellationRequest(1, TODAY, (1, 7)), NothingToReturnError),
    ],
    ids=["no bill", "returned before", "no such line"],
)
def test_a_cancellation_of_what_is_not_there_is_refused(connection, request_, refusal):
    before = whole(connection)
    connection.commit()
    with pytest.raises(refusal):
        bill_cancellation(connection, request_)
    assert not connection.in_transaction()
    assert whole(connection) == before


def by_one_row(connection, request):
    return bulk_deletion_by_rows(connection, request, 1)


def by_five_rows(connection, request):
    return bulk_deletion_by_rows(connection, request, 5)


def by_four_bills(connection, request):
    return bulk_deletion_by_ranges(connection, request, 4)


def by_two_whole_bills(connection, request):
    return bulk_deletion_by_whole_bills(connection, request, 2)


@pytest.mark.parametrize(
    "program",
    [
        bulk_deletion,
        bulk_deletion_sparing,
        by_one_row,
        by_five_rows,
        by_four_bills,
        by_two_whole_bills,
    ],
)
def test_deletion_takes_last_months_paid_bills_and_nothing_else(connection, program):
    bill_registration(connection, of_group(1, 1))
    payment_registration(connection, PaymentRegistrationRequest((Payment(9, 1, TODAY),)))
    totals = rows(connection, product_billing)
    connection.commit()
    assert program(connection, MONTH_END) == BulkDeletionResult(6, 12)
    left = [one.bill_no for one in observe_bills(connection)]
    assert left == [fixture.UNPAID_BILL, fixture.RETURNED_BILL, 9]
    assert lines_belong(observe_counts(connection)) is None
    assert rows(connection, product_billing) == totals
    connection.commit()
    assert program(connection, MONTH_END) == BulkDeletionResult(0, 0)


def test_deletion_runs_at_the_end_of_a_month_only(connection):
    with pytest.raises(MonthNotOverError, match="2024-10-30: bulk deletion runs on the last day"):
        bulk_deletion(connection, BulkDeletionRequest(date(2024, 10, 30)))
    assert len(observe_bills(connection)) == 8


def test_a_year_end_is_a_month_end(connection):
    leap_day = BulkDeletionRequest(date(2024, 2, 29))
    new_year = BulkDeletionRequest(date(2024, 12, 31))
    assert bulk_deletion(connection, leap_day) == BulkDeletionResult(0, 0)
    assert bulk_deletion(connection, new_year) == BulkDeletionResult(0, 0)


def test_inquiry_1_shows_a_bill(connection):
    shown = bill_inquiry_1(connection, fixture.RETURNED_BILL)
    assert (shown.member_no, shown.line_count, shown.paid_date) == (5, 2, None)
    assert shown.cancelled_date == date(2024, 9, 25)
    with pytest.raises(BillNotFoundError, match=r"^bill 99: no such bill$"):
        bill_inquiry_1(connection, 99)
    assert not connection.in_transaction()


@pytest.mark.parametrize(
    "inquiry", [bill_inquiry_2, bill_inquiry_2_complete, bill_inquiry_2_locking]
)
def test_inquiry_2_adds_up_the_lines_of_each_bill(connection, inquiry):
    assert inquiry(connection, BillRange(1, 3)) == (
        TotalShown(1, date(2024, 9, 7), 2730),
        TotalShown(2, date(2024, 9, 7), 2760),
        TotalShown(3, date(2024, 9, 14), 2790),
    )
    assert inquiry(connection, BillRange(90, 99)) == ()
    assert not connection.in_transaction()


def test_figure_4_leaves_out_a_bill_with_a_line_missing(connection):
    key = (bill_line.c.bill_no == 2) & (bill_line.c.line_no == 1)
    connection.execute(bill_line.delete().where(key))
    connection.commit()
    shown = bill_inquiry_2(connection, BillRange(1, 2))
    assert [one.total_yen for one in shown] == [2730, 1840]
    assert [one.bill_no for one in bill_inquiry_2_complete(connection, BillRange(1, 2))] == [1]


def pay_in_between(billing_engine, program):
    """Run a deletion during which the open bill is paid, between its two deletes."""
    report = PaymentRegistrationRequest((Payment(fixture.UNPAID_BILL, 4, date(2024, 10, 30)),))
    with billing_engine.connect() as connection, billing_engine.connect() as other:
        commits = []

        class Paying:
            """The connection, with a payment by somebody else after its first commit."""

            def commit(self):
                connection.commit()
                commits.append(1)
                if len(commits) == 1:
                    payment_registration(other, report)

            def __getattr__(self, name):
                return getattr(connection, name)

        return program(Paying(), MONTH_END)


def test_a_payment_between_the_deletes_is_refused_by_the_foreign_key(billing_engine):
    """Without the key, delete 2 would leave lines without a bill."""
    with pytest.raises(IntegrityError):
        pay_in_between(billing_engine, bulk_deletion)
    with billing_engine.connect() as connection:
        told = lines_belong(observe_counts(connection))
        assert told == "bill 1: says 2 lines, and has 0"
        connection.commit()
        assert bulk_deletion(connection, MONTH_END) == BulkDeletionResult(7, 2)
        assert lines_belong(observe_counts(connection)) is None


def test_a_payment_between_the_deletes_is_spared(billing_engine):
    assert pay_in_between(billing_engine, bulk_deletion_sparing) == BulkDeletionResult(6, 12)
    with billing_engine.connect() as connection:
        assert lines_belong(observe_counts(connection)) is None
        assert connection.execute(select(func.count()).select_from(bill)).scalar_one() == 2
