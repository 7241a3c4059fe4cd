"""Generated bills in real servers: all of them, the same on every engine, and numbered on."""

from datetime import date

import pytest
from live.loading.conftest import filled  # noqa: F401 - a fixture
from sqlalchemy import func, select

from harness.engines import ENGINES
from harness.loading.loader import load
from schema.billing import bill, bill_line
from schema.billing.generator import generate
from workloads.billing.batch.bill_registration import (
    BillRegistrationRequest,
    Purchase,
    PurchasedProduct,
    bill_registration,
)
from workloads.billing.batch.bulk_deletion import BulkDeletionRequest, bulk_deletion

pytestmark = pytest.mark.integration

MONTH_END = date(2024, 10, 31)
BUSINESS = generate(0.002, 5, MONTH_END)

# What every engine has said of this business; a generator that draws otherwise shows here.
BILLS = "32e695fcdb49fb47"
LINES = "7816ddb0cd1e9bf6"


@pytest.fixture
def loaded(filled):  # noqa: F811 - asks for the fixture
    return load(ENGINES[filled.kind], filled.url, BUSINESS, lambda _blocks, _rows: None)


def test_every_table_holds_what_was_sent_and_the_same_on_every_engine(loaded):
    assert loaded.held == loaded.sent
    assert (str(loaded.held["bill"]), str(loaded.held["bill_line"])) == (BILLS, LINES)


def test_the_engine_numbers_new_bills_behind_those_that_were_loaded(loaded, filled):  # noqa: F811
    bought = Purchase(1, (PurchasedProduct(101, 1, 900),))
    request = BillRegistrationRequest(1, date(2024, 11, 7), date(2024, 11, 1), (bought,))
    with filled.engine.connect() as connection:
        bill_registration(connection, request)
        assert connection.scalar(select(func.max(bill.c.bill_no))) == 2 * BUSINESS.members + 1


def test_the_deletion_takes_what_is_paid_of_last_month(loaded, filled):  # noqa: F811
    with filled.engine.connect() as connection:
        went = bulk_deletion(connection, BulkDeletionRequest(MONTH_END))
        left = connection.scalar(select(func.count()).select_from(bill_line))
    assert went.deleted_bills > 0.9 * BUSINESS.members
    assert left + went.deleted_lines == loaded.sent["bill_line"].rows
