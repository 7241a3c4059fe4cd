"""An exchange of partitions that ended halfway, or meets what is not its own."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from live.billing.ended import DiedError, ended_in
from live.billing.partitioned_database import MEMBERS, digests, registered
from sqlalchemy import Column, Integer, Table, insert, select
from sqlalchemy.schema import CreateSchema, DropSchema

from harness.engines import ENGINES
from harness.errors import UsageError
from harness.loading.loader import driver_connection, opened
from harness.servers import asking
from schema.billing import bill, metadata
from schema.billing.partitioned import NUMBERS_OF_A_MONTH
from workloads.billing.measurements.month import MONTH_END
from workloads.billing.replacement import partitions
from workloads.billing.replacement.new_tables import NAMES, home_of, next_to
from workloads.billing.replacement.partitions import (
    ExchangeStep,
    PartitionExchange,
)
from workloads.billing.replacement.tables_beside import beside

pytestmark = pytest.mark.integration

# Every step where runs are repeated, in the night; else the one that leaves most behind.
STEPS = list(ExchangeStep) if "HARNESS_REPEATS" in os.environ else [ExchangeStep.HALF]


@pytest.mark.parametrize("step", STEPS)
def test_a_program_that_ends_in_any_step_loses_nothing(divided, exchange, step, right):
    with pytest.raises(DiedError):
        exchange(ended_in(step)).run()
    if not exchange().recover():
        exchange().run()
    assert digests(divided) == right


def test_the_counter_moves_with_the_exchange_and_not_before(divided, exchange):
    """It is no part of a transaction: whoever ends before the commit has not moved it."""
    first = MEMBERS + 1 + NUMBERS_OF_A_MONTH
    with pytest.raises(DiedError):
        exchange(ended_in(ExchangeStep.LET_IN)).run()
    assert registered(divided) < first
    if not exchange().recover():
        exchange().run()
    assert registered(divided) == first


def test_recovery_gives_no_number_out_again(divided, exchange, monkeypatch):
    """A bill is registered between its look at the counter and what it makes of that."""
    exchange().run()
    numbers = [registered(divided)]

    def asked(connection, query):
        rows = asking.rows_of(connection, query)
        if "bill_no" in query and "FROM bill" not in query:
            numbers.append(registered(divided))
        return rows

    monkeypatch.setattr(partitions, "ask", asked)
    assert exchange().recover()
    numbers += [registered(divided), registered(divided)]
    assert len(numbers) == len(set(numbers)) == 4, numbers


def test_recovery_asks_both_tables_for_next_months_partition(divided, exchange):
    exchange().run()
    one = "ALTER TABLE bill_line DROP PARTITION m202411"
    if ENGINES[divided.kind].replacing.one_transaction:
        one = "DROP TABLE bill_line_m202411"
    with divided.engine.begin() as connection:
        connection.exec_driver_sql(one)
    assert exchange().recover() is False
    exchange().run()
    assert exchange().recover() is True


@pytest.mark.parametrize("schema_beside", [True, False])
def test_recovery_waits_for_the_session_of_the_program_that_died(divided, schema_beside, exchange):
    """The server may not know yet that it died: here it does when recovery was refused once."""
    kind = ENGINES[divided.kind]
    refused, died = Event(), Event()

    def classify(error):
        refused.set()
        return kind.classify(error)

    def watch(step):
        if step is ExchangeStep.HALF:
            begun.set()
            died.wait(60)
            raise DiedError

    def held():
        with opened(kind, divided.url) as own, driver_connection(own) as connection:
            home = home_of(own)
            hold = kind.partitioning.hold(NAMES, home, [], next_to(home), ())
            asking.execute(connection, hold)
            begun.set()
            died.wait(60)

    begun = Event()
    patient = PartitionExchange(replace(kind, classify=classify), divided.url, MONTH_END)
    if not schema_beside:
        exchange().run()
    with ThreadPoolExecutor(2) as others:
        dying = others.submit(exchange(watch).run if schema_beside else held)
        assert begun.wait(30)
        done = others.submit(patient.recover)
        try:
            assert refused.wait(30)
        finally:
            died.set()
        assert isinstance(dying.exception(), DiedError if schema_beside else type(None))
        assert done.result() is not schema_beside


def test_a_schema_that_is_somebodys_is_left_alone(divided, exchange):
    home = home_of(divided.engine)
    theirs = Table("orders", type(metadata)(), Column("no", Integer), schema=next_to(home))
    with divided.engine.begin() as connection:
        connection.execute(CreateSchema(next_to(home)))
        theirs.create(connection)
        connection.execute(theirs.insert().values(no=1))
    before = digests(divided)
    try:
        for refused in (exchange().run, exchange().recover):
            with pytest.raises(UsageError, match=f"{next_to(home)} is not the harness's: .*orders"):
                refused()
        with divided.engine.connect() as connection:
            assert connection.scalars(select(theirs.c.no)).all() == [1]
        assert digests(divided) == before
    finally:
        with divided.engine.begin() as connection:
            theirs.drop(connection)
            connection.execute(DropSchema(next_to(home)))


def test_tables_beside_that_another_exchange_has_filled_are_not_copied_into(divided, exchange):
    before = digests(divided)

    def watch(step):
        if step is ExchangeStep.HOLD:
            how = ENGINES[divided.kind].partitioning
            copied = beside(how, bill, "m202409", home_of(divided.engine))
            with divided.engine.begin() as connection:
                one = select(*bill.c).where(bill.c.bill_no == 1)
                connection.execute(insert(copied).from_select(list(copied.c), one))

    with pytest.raises(UsageError, match="another exchange is at work"):
        exchange(watch).run()
    assert exchange().recover() is False
    assert digests(divided) == before
