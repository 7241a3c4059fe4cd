"""What an operator asks for wrongly is told before anything is changed, on every engine."""

from datetime import date

import pytest
from sqlalchemy import func, select, update

from schema.billing import bill, fixture
from workloads.billing.batch.acceptance import see_deletion, see_registration
from workloads.billing.batch.bill_registration import BillRegistrationRequest
from workloads.billing.batch.bulk_deletion import BulkDeletionRequest, bulk_deletion
from workloads.billing.refusals import (
    AlreadyBilledError,
    MonthNotOverError,
    NothingToDeleteError,
    UnknownGroupError,
    UnpaidBillsError,
)

pytestmark = pytest.mark.integration

MONTH_END = BulkDeletionRequest(date(2024, 10, 31))


def of_group(group_no, day=fixture.BILLING_DATE):
    return BillRegistrationRequest(group_no, day, fixture.BILLING_MONTH, ())


def test_what_can_be_done_is_accepted_and_leaves_no_transaction(connection):
    see_registration(connection, of_group(1))
    see_deletion(connection, MONTH_END)
    assert not connection.in_transaction()


def test_a_group_that_is_not_there_is_told(connection):
    with pytest.raises(UnknownGroupError, match="group 9: has no members"):
        see_registration(connection, of_group(9))
    assert not connection.in_transaction()


def test_a_day_that_was_processed_is_told(connection):
    with pytest.raises(AlreadyBilledError) as told:
        see_registration(connection, of_group(1, date(2024, 9, 7)))
    assert str(told.value) == (
        "group 1: every member was billed on 2024-09-07 or later already; "
        "was the date processed before?"
    )


def test_a_month_with_unpaid_bills_is_told_where_the_whole_month_is_to_go(connection):
    with pytest.raises(UnpaidBillsError) as told:
        see_deletion(connection, MONTH_END, whole_month=True)
    assert str(told.value) == (
        "2024-09: 1 bills are neither paid nor cancelled: 4; they would stay when the others go"
    )
    paid = update(bill).where(bill.c.bill_no == fixture.UNPAID_BILL)
    connection.execute(paid.values(paid_date=date(2024, 10, 30)))
    connection.commit()
    see_deletion(connection, MONTH_END, whole_month=True)


def test_a_month_that_was_deleted_before_is_told(connection):
    bulk_deletion(connection, MONTH_END)
    with pytest.raises(NothingToDeleteError) as told:
        see_deletion(connection, MONTH_END)
    assert str(told.value) == (
        "2024-09: has no paid bills to delete; was the month processed before?"
    )


def test_a_day_that_is_not_the_last_of_its_month_is_told_and_nothing_is_deleted(connection):
    with pytest.raises(MonthNotOverError):
        see_deletion(connection, BulkDeletionRequest(date(2024, 10, 30)))
    assert connection.scalar(select(func.count()).select_from(bill)) == 8
