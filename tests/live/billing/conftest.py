from collections.abc import Iterator

import pytest
from live.billing.partitioned_database import DATA, PLAIN
from live.billing.plain_deletion import left_by_plain_deletion
from live.loading.conftest import filled  # noqa: F401 - a fixture
from sqlalchemy import Connection, Engine

from harness.engines import ENGINES
from harness.loading.loader import load
from harness.servers import asking
from harness.testing import LiveDatabase
from schema.billing import fixture, metadata
from workloads.billing.measurements.month import MONTH_END
from workloads.billing.replacement.partitions import PartitionExchange


@pytest.fixture
def billing_engine(database) -> Engine:
    """An engine whose database holds the billing tables and the begin of a month."""
    metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        fixture.load(connection)
    return database.engine


@pytest.fixture
def connection(billing_engine) -> Iterator[Connection]:
    with billing_engine.connect() as connection:
        yield connection


@pytest.fixture
def dividable(filled) -> Iterator[LiveDatabase]:  # noqa: F811 - asks for the fixture
    """A database that takes files, on a server that keeps each table in files of its own.

    That is a server's default, and off where tables are emptied again and again.
    """
    kind = ENGINES[filled.kind]
    if filled.kind == "postgresql":
        yield filled
        return
    before = asking.ask(kind, filled.url, "SELECT @@GLOBAL.innodb_file_per_table")
    asking.tell(kind, filled.url, ["SET GLOBAL innodb_file_per_table = 1"])
    yield filled
    asking.tell(kind, filled.url, [f"SET GLOBAL innodb_file_per_table = {before}"])


@pytest.fixture
def right(dividable):
    """What a plain deletion leaves of the bills that are in partitions otherwise."""
    return left_by_plain_deletion(dividable, PLAIN)


@pytest.fixture
def divided(dividable, right) -> LiveDatabase:
    """A database with the two tables in partitions."""
    load(ENGINES[dividable.kind], dividable.url, DATA, lambda _blocks, _rows: None)
    return dividable


@pytest.fixture
def exchange(divided):
    """Makes an exchange of partitions; puts things right when the test is over."""

    def made(watch=lambda _step: None):
        return PartitionExchange(ENGINES[divided.kind], divided.url, MONTH_END, watch)

    yield made
    made().recover()  # no schema of ours stays beside the database
