"""The bulk deletion replaced by an exchange of partitions: what stays, and who is shut out."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, inspect, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import AddConstraint, UniqueConstraint

from harness.engines import ENGINES
from harness.errors import UsageError
from harness.loading.loader import load, read_digests
from schema.billing import bill, bill_line, metadata
from schema.billing.partitioned import NUMBERS_OF_A_MONTH
from workloads.billing.batch.bulk_deletion import bulk_deletion, due_bills
from workloads.billing.batch.payment_registration import (
    Payment,
    PaymentRegistrationRequest,
    payment_registration,
)
from workloads.billing.measurements.month import MONTH_END
from workloads.billing.replacement.killed import PARTITIONS
from workloads.billing.replacement.new_tables import next_to
from workloads.billing.replacement.partitions import (
    Exchanged,
    ExchangeStep,
    NotWholeError,
    PartitionExchange,
)

pytestmark = pytest.mark.integration

MEMBERS = 50
DATA = PARTITIONS.data(MEMBERS)

# Every step where runs are repeated, in the night; else the one that leaves most behind.
STEPS = list(ExchangeStep) if "HARNESS_REPEATS" in os.environ else [ExchangeStep.HALF]


class DiedError(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


@pytest.fixture
def database(dividable):
    load(ENGINES[dividable.kind], dividable.url, DATA, lambda _blocks, _rows: None)
    return dividable


@pytest.fixture
def exchange(database):
    def made(watch=lambda _step: None):
        return PartitionExchange(ENGINES[database.kind], database.url, MONTH_END, watch)

    yield made
    made().recover()  # no schema of ours stays beside the database


def ended_in(step):
    def watch(begun):
        if begun is step:
            raise DiedError

    return watch


def digests(database):
    _, held = read_digests(ENGINES[database.kind], database.url, DATA.metadata)
    return held


def stay(database):
    """The state that a plain deletion of the same rows leaves."""
    with database.engine.connect() as connection:
        bulk_deletion(connection, MONTH_END)
    return digests(database)


def referring(catalog, name):
    """The foreign keys that were declared, without those to a single partition."""
    return {
        key["name"]
        for key in catalog.get_foreign_keys(name)
        if key["referred_table"] in metadata.tables
    }


def declared(database):
    """What the catalog says of the two tables' keys, indexes and rules."""
    catalog = inspect(database.engine)
    return {
        name: (
            sorted(referring(catalog, name)),
            sorted(index["name"] for index in catalog.get_indexes(name)),
            sorted(rule["name"] for rule in catalog.get_check_constraints(name)),
            catalog.get_pk_constraint(name)["constrained_columns"],
        )
        for name in (bill.name, bill_line.name)
    }


def test_what_stays_is_what_a_deletion_leaves(database, exchange):
    names, before = declared(database), digests(database)
    first = exchange().run()
    held = digests(database)
    assert first == exchange().run()  # nothing is left to do, and nothing is done twice
    assert held == digests(database)
    assert stay(database) == held
    with database.engine.connect() as connection:
        of_last_month = select(bill.c.line_count).where(bill.c.bill_no <= MEMBERS)
        counts = connection.scalars(of_last_month).all()
    assert first == Exchanged(len(counts), sum(counts))
    assert first.bills == held["bill"].rows - MEMBERS > 0
    assert held["bill"].rows < before["bill"].rows
    assert declared(database) == names
    assert not [
        name for name in inspect(database.engine).get_schema_names() if name.endswith(next_to(""))
    ]


def test_next_months_bills_have_numbers_and_a_partition_of_their_own(database, exchange):
    with database.engine.begin() as connection:  # the highest numbers are gone
        for table in (bill_line, bill):
            connection.execute(delete(table).where(table.c.bill_no == 2 * MEMBERS))
    exchange().run()
    row = {"member_no": 1, "billed_date": MONTH_END.processing_date, "line_count": 1}
    with database.engine.begin() as connection:
        (number,) = connection.execute(bill.insert().values(row)).inserted_primary_key
    kind = ENGINES[database.kind]
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        found = {
            table: kind.partitioning.partitions(driver, table) for table in ("bill", "bill_line")
        }
    assert found["bill"] == found["bill_line"]
    assert [(one.name, one.first) for one in found["bill"]] == [
        ("m202409", 1),
        ("m202410", MEMBERS + 1),
        ("m202411", MEMBERS + 1 + NUMBERS_OF_A_MONTH),
    ]
    assert number == found["bill"][-1].first


@pytest.mark.parametrize("step", STEPS)
def test_a_program_that_ends_in_any_step_loses_nothing(database, exchange, step):
    with pytest.raises(DiedError):
        exchange(ended_in(step)).run()
    if not exchange().recover():
        exchange().run()
    held = digests(database)
    assert stay(database) == held


def test_who_waits_is_answered_and_loses_nothing(database, exchange):
    """A payment of a bill that stays, and an inquiry, both begun in the middle."""
    with database.engine.connect() as connection:
        no, who = connection.execute(
            select(bill.c.bill_no, bill.c.member_no)
            .where(bill.c.bill_no <= MEMBERS, bill.c.paid_date.is_(None))
            .where(bill.c.cancelled_date.is_(None))
            .limit(1)
        ).one()
    payment = PaymentRegistrationRequest((Payment(no, who, MONTH_END.processing_date),))
    lines = select(bill_line.c.bill_no).join(bill).where(due_bills(MONTH_END))
    begun = []

    def paid():
        with database.engine.connect() as connection:
            return payment_registration(connection, payment).registered_payments

    def asked():
        with database.engine.connect() as connection:
            return connection.execute(lines).all()

    with ThreadPoolExecutor(2) as others:

        def watch(step):
            if step is ExchangeStep.HALF:
                begun.extend((others.submit(paid), others.submit(asked)))
            elif step is ExchangeStep.LET_IN:
                begun.append(any(one.done() for one in begun))

        exchange(watch).run()
        was_paid, seen, early = begun[0].result(), begun[1].result(), begun[2]
    assert (was_paid, early) == (1, False)
    # That bill is due now, if the inquiry came behind its payment; nothing else is.
    assert {number for (number,) in seen} <= {no}
    with database.engine.connect() as connection:
        when = connection.scalars(select(bill.c.paid_date).where(bill.c.bill_no == no)).one()
    assert when == MONTH_END.processing_date


def test_a_bill_that_is_due_elsewhere_is_not_passed_over(database, exchange):
    before = digests(database)
    late = update(bill).where(bill.c.bill_no == MEMBERS + 1)
    with database.engine.begin() as connection:
        kept = connection.execute(select(bill).where(bill.c.bill_no == MEMBERS + 1)).one()
        last_month = MONTH_END.processing_date.replace(month=9, day=30)
        connection.execute(late.values(billed_date=last_month, paid_date=MONTH_END.processing_date))
    with pytest.raises(UsageError, match=f"bill {MEMBERS + 1} is due, and not in the partition"):
        exchange().run()
    assert exchange().recover() is False
    with database.engine.begin() as connection:
        connection.execute(late.values(billed_date=kept.billed_date, paid_date=kept.paid_date))
    assert digests(database) == before


def test_a_bill_that_stays_and_has_lost_a_line_is_told(database, exchange):
    with database.engine.begin() as connection:
        no = connection.scalars(
            select(bill.c.bill_no).where(bill.c.bill_no <= MEMBERS, bill.c.paid_date.is_(None))
        ).first()
        connection.execute(delete(bill_line).where(bill_line.c.bill_no == no))
    before = digests(database)
    with pytest.raises(NotWholeError, match="lines were copied"):
        exchange().run()
    assert digests(database) == before


def test_where_nothing_is_in_partitions_it_is_refused(database):
    DATA.metadata.drop_all(database.engine)
    metadata.create_all(database.engine)
    with pytest.raises(UsageError, match="bill has no partition m202409"):
        PartitionExchange(ENGINES[database.kind], database.url, MONTH_END).run()


def test_what_partitions_cost_is_what_the_engine_refuses(database):
    """Exam, problem A: a unique key of member and billed date; and foreign keys on some engines."""
    foreign = referring(inspect(database.engine), bill_line.name)
    kept = {key.name for key in metadata.tables[bill_line.name].foreign_key_constraints}
    assert foreign == (kept if ENGINES[database.kind].partitioning.foreign_keys else set())
    mended = DATA.metadata.tables[bill.name].to_metadata(type(metadata)())
    unique = UniqueConstraint("member_no", "billed_date", name="uq_bill_member")
    mended.append_constraint(unique)
    with database.engine.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(AddConstraint(unique))
    assert {"0A000", 1503} & {
        getattr(refused.value.orig, "sqlstate", None),
        *refused.value.orig.args,
    }


@pytest.mark.engines("postgresql")
def test_a_partition_that_is_detached_beside_readers_cannot_be_exchanged_at_once(database):
    """DETACH … CONCURRENTLY and ATTACH are never one transaction: what stays would be nowhere."""
    detach = "ALTER TABLE bill_line DETACH PARTITION bill_line_m202409 CONCURRENTLY"
    with database.engine.connect() as connection, pytest.raises(DBAPIError, match="transaction"):
        connection.exec_driver_sql(detach)
