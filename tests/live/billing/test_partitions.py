"""The bulk deletion replaced by an exchange of partitions: what stays, and who is shut out."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from live.billing.partitioned_database import DATA, MEMBERS, digests, registered
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import AddConstraint, UniqueConstraint

from harness.clock import Deadline, poll
from harness.engines import ENGINES
from harness.errors import UsageError
from schema.billing import bill, bill_line, metadata
from schema.billing.partitioned import NUMBERS_OF_A_MONTH
from workloads.billing.batch.bulk_deletion import due_bills
from workloads.billing.batch.payment_registration import (
    Payment,
    PaymentRegistrationRequest,
    payment_registration,
)
from workloads.billing.measurements.month import MONTH_END
from workloads.billing.replacement.new_tables import next_to
from workloads.billing.replacement.partitions import (
    Exchanged,
    ExchangeStep,
    NotWholeError,
    PartitionExchange,
)
from workloads.billing.replacement.tables_beside import beside

pytestmark = pytest.mark.integration


def referring(catalog, name):
    """The foreign keys that were declared, without those to a single partition."""
    return {
        key["name"]
        for key in catalog.get_foreign_keys(name)
        if key["referred_table"] in metadata.tables
    }


def declared(divided):
    """What the catalog says of the two tables' keys, indexes and rules."""
    catalog = inspect(divided.engine)
    return {
        name: (
            sorted(referring(catalog, name)),
            sorted(index["name"] for index in catalog.get_indexes(name)),
            sorted(rule["name"] for rule in catalog.get_check_constraints(name)),
            catalog.get_pk_constraint(name)["constrained_columns"],
        )
        for name in (bill.name, bill_line.name)
    }


def test_what_stays_is_what_a_deletion_leaves(divided, exchange, right):
    names, before = declared(divided), digests(divided)
    first = exchange().run()
    held = digests(divided)
    assert first == exchange().run()  # nothing is left to do, and nothing is done twice
    assert held == digests(divided)
    assert held == right
    with divided.engine.connect() as connection:
        of_last_month = select(bill.c.line_count).where(bill.c.bill_no <= MEMBERS)
        counts = connection.scalars(of_last_month).all()
    assert first == Exchanged(len(counts), sum(counts))
    assert first.bills == held["bill"].rows - MEMBERS > 0
    assert held["bill"].rows < before["bill"].rows
    assert declared(divided) == names
    assert not [
        name for name in inspect(divided.engine).get_schema_names() if name.endswith(next_to(""))
    ]


class LosingExchange(PartitionExchange):
    """Leaves out half of what stays, whole bills with their lines."""

    def _copy(self, connection, home, gone):
        done = super()._copy(connection, home, gone)
        for table in (bill, bill_line):
            copied = beside(self._how, table, gone.name, home)
            self._tell(connection, delete(copied).where(copied.c.bill_no > MEMBERS // 2))
        return done


def test_a_loss_of_what_stays_is_seen(divided, right):
    LosingExchange(ENGINES[divided.kind], divided.url, MONTH_END).run()
    held = digests(divided)
    assert held["bill"].rows < right["bill"].rows
    assert held["bill_line"].rows < right["bill_line"].rows


def test_next_months_bills_have_numbers_and_a_partition_of_their_own(divided, exchange):
    with divided.engine.begin() as connection:  # the highest numbers are gone
        for table in (bill_line, bill):
            connection.execute(delete(table).where(table.c.bill_no == 2 * MEMBERS))
    exchange().run()
    number = registered(divided)
    kind = ENGINES[divided.kind]
    with divided.engine.connect() as connection:
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


@pytest.mark.engines("postgresql")
def test_one_try_waits_longer_than_an_autovacuum_goes_on(divided, exchange):
    """It is cancelled only by who has waited for deadlock_timeout, 1 s by default."""
    longest = text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted"
        " AND clock_timestamp() - waitstart > interval '1.1 s'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with ThreadPoolExecutor(1) as other, divided.engine.connect() as reader:
        reader.execute(select(bill).limit(1))
        done = other.submit(exchange().run)
        try:
            for _ in poll(Deadline.after(30), "a wait of more than 1 s", 0.05):
                if reader.scalars(longest).one():
                    break
        finally:
            reader.rollback()
        assert done.result().bills


def test_who_waits_is_answered_and_loses_nothing(divided, exchange):
    """A payment of a bill that stays, and an inquiry, both begun in the middle."""
    with divided.engine.connect() as connection:
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
        with divided.engine.connect() as connection:
            return payment_registration(connection, payment).registered_payments

    def asked():
        with divided.engine.connect() as connection:
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
    with divided.engine.connect() as connection:
        when = connection.scalars(select(bill.c.paid_date).where(bill.c.bill_no == no)).one()
    assert when == MONTH_END.processing_date


def test_a_bill_that_is_due_elsewhere_is_not_passed_over(divided, exchange):
    before = digests(divided)
    late = update(bill).where(bill.c.bill_no == MEMBERS + 1)
    with divided.engine.begin() as connection:
        kept = connection.execute(select(bill).where(bill.c.bill_no == MEMBERS + 1)).one()
        last_month = MONTH_END.processing_date.replace(month=9, day=30)
        connection.execute(late.values(billed_date=last_month, paid_date=MONTH_END.processing_date))
    with pytest.raises(UsageError, match=f"bill {MEMBERS + 1} is due, and not in the partition"):
        exchange().run()
    assert exchange().recover() is False
    with divided.engine.begin() as connection:
        connection.execute(late.values(billed_date=kept.billed_date, paid_date=kept.paid_date))
    assert digests(divided) == before


def test_a_bill_that_stays_and_has_lost_a_line_is_told(divided, exchange):
    with divided.engine.begin() as connection:
        no = connection.scalars(
            select(bill.c.bill_no).where(bill.c.bill_no <= MEMBERS, bill.c.paid_date.is_(None))
        ).first()
        connection.execute(delete(bill_line).where(bill_line.c.bill_no == no))
    before = digests(divided)
    with pytest.raises(NotWholeError, match="lines were copied"):
        exchange().run()
    assert digests(divided) == before


def test_where_nothing_is_in_partitions_it_is_refused(divided):
    DATA.metadata.drop_all(divided.engine)
    metadata.create_all(divided.engine)
    with pytest.raises(UsageError, match="bill has no partition m202409"):
        PartitionExchange(ENGINES[divided.kind], divided.url, MONTH_END).run()


def test_what_partitions_cost_is_what_the_engine_refuses(divided):
    """Exam, problem A: a unique key of member and billed date; and foreign keys on some engines."""
    foreign = referring(inspect(divided.engine), bill_line.name)
    kept = {key.name for key in metadata.tables[bill_line.name].foreign_key_constraints}
    assert foreign == (kept if ENGINES[divided.kind].partitioning.foreign_keys else set())
    mended = DATA.metadata.tables[bill.name].to_metadata(type(metadata)())
    unique = UniqueConstraint("member_no", "billed_date", name="uq_bill_member")
    mended.append_constraint(unique)
    with divided.engine.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(AddConstraint(unique))
    assert {"0A000", 1503} & {
        getattr(refused.value.orig, "sqlstate", None),
        *refused.value.orig.args,
    }


@pytest.mark.engines("postgresql")
def test_a_partition_that_is_detached_beside_readers_cannot_be_exchanged_at_once(divided):
    """DETACH … CONCURRENTLY and ATTACH are never one transaction: what stays would be nowhere."""
    detach = "ALTER TABLE bill_line DETACH PARTITION bill_line_m202409 CONCURRENTLY"
    with divided.engine.connect() as connection, pytest.raises(DBAPIError, match="transaction"):
        connection.exec_driver_sql(detach)
