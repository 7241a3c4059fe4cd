"""The two tables in partitions for a while, and as they were again, each time with all rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, MetaData, func, insert, select

from harness.engines import ENGINES
from harness.measure.original import original_of
from harness.servers import asking
from schema.billing import bill, bill_line, metadata
from schema.billing.partitioned import partitioned, two_months
from workloads.billing.batch.bulk_deletion import BulkDeletionRequest, last_month

_TABLES = (bill, bill_line)


def month_ranges(request: BulkDeletionRequest, first: int) -> list[tuple[str, int, int]]:
    """The partitions of last month's bills and this month's, which begin with the number `first`.

    Raises:
        MonthNotOverError: it is not the last day of a month.
    """
    return list(two_months(last_month(request)[0], _first_day(request), first))


@contextlib.contextmanager
def in_partitions(connection: Connection, request: BulkDeletionRequest) -> Iterator[None]:
    """Make both tables anew, with partitions, from the rows that are kept; make them plain again.

    Raises:
        sqlalchemy.exc.DBAPIError: the server refused.
    """
    kept = original_of(bill)
    of_this_month = select(func.min(kept.c.bill_no)).where(
        kept.c.billed_date >= _first_day(request)
    )
    first = connection.scalars(of_this_month).one()
    _make(connection, partitioned(month_ranges(request, first)))
    try:
        yield
    finally:
        _make(connection, metadata)


def _first_day(request: BulkDeletionRequest) -> date:
    return request.processing_date.replace(day=1)


def _make(connection: Connection, tables: MetaData) -> None:
    engine = ENGINES[connection.dialect.name]
    connection.rollback()
    # Without the partitions they are dropped by the same names.
    metadata.drop_all(connection, tables=list(_TABLES))
    tables.create_all(connection, tables=[tables.tables[table.name] for table in _TABLES])
    for table in _TABLES:
        kept = original_of(table)
        connection.execute(insert(table).from_select(list(table.c), select(*kept.c)))
    if engine.loading.count_on:
        count_on = engine.loading.count_on.format(table=bill.name, column=bill.c.bill_no.name)
        connection.exec_driver_sql(count_on)
    connection.commit()
    names = [table.name for table in _TABLES]
    asking.tell(engine, connection.engine.url, engine.measuring.settle(names))
