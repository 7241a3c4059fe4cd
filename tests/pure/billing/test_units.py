"""However a deletion is cut, it takes what is due, and no unit more than it may."""

from datetime import date
from functools import partial

import pytest
from sqlalchemy import create_engine, event

from schema.billing import fixture, metadata
from schema.billing.invariants import lines_belong, observe_counts
from workloads.billing.batch.bulk_deletion import (
    BulkDeletionRequest,
    BulkDeletionResult,
    bulk_deletion_by_ranges,
    bulk_deletion_by_rows,
    bulk_deletion_by_whole_bills,
)

MONTH_END = BulkDeletionRequest(date(2024, 10, 31))


@pytest.fixture
def connection():
    database = create_engine("sqlite://")
    event.listen(database, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    metadata.create_all(database)
    with database.connect() as opened:
        fixture.load(opened)
        opened.commit()
        yield opened


def deleted_per_unit(connection, program):
    """What each unit took from the lines, and what the program says of all."""
    units, lines = [], [0]

    @event.listens_for(connection, "after_cursor_execute")
    def count(_connection, cursor, statement, *_):
        if statement.startswith("DELETE FROM bill_line"):
            lines[0] += cursor.rowcount

    @event.listens_for(connection, "commit")
    def end(_connection):
        units.append(lines[0])
        lines[0] = 0

    return program(connection, MONTH_END), [unit for unit in units if unit]


@pytest.mark.parametrize(
    ("program", "size", "units"),
    [
        (bulk_deletion_by_rows, 1, [1] * 12),
        (bulk_deletion_by_rows, 3, [3] * 4),
        (bulk_deletion_by_rows, 5, [5, 5, 2]),
        (bulk_deletion_by_rows, 100, [12]),
        (bulk_deletion_by_ranges, 4, [8, 4]),
        (bulk_deletion_by_whole_bills, 1, [2] * 6),
        (bulk_deletion_by_whole_bills, 100, [12]),
    ],
)
def test_every_unit_takes_as_many_as_it_is_told(connection, program, size, units):
    argument = "rows_per_unit" if program is bulk_deletion_by_rows else "bills_per_unit"
    done, found = deleted_per_unit(connection, partial(program, **{argument: size}))
    assert (done, found) == (BulkDeletionResult(6, 12), units)
    assert lines_belong(observe_counts(connection)) is None
