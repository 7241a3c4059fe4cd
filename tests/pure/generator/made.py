"""What the tests of both systems' generated data have in common."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, event


def rows_by_table(generated):
    """All rows, by table."""
    found = {table.name: [] for table in generated.metadata.sorted_tables}
    for block in generated.rows():
        for name, rows in block.items():
            found[name] += rows
    return found


def without_precision(connection, cursor, statement, parameters, context, executemany):
    return statement.replace("CURRENT_TIMESTAMP(6)", "CURRENT_TIMESTAMP"), parameters


@contextmanager
def in_sqlite(generated) -> Iterator:
    """All rows in SQLite, which checks every foreign key and every check as they come."""
    metadata = generated.metadata
    database = create_engine("sqlite://")
    event.listen(database, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    # SQLite's clock takes no precision; every row brings its times along.
    event.listen(database, "before_cursor_execute", without_precision, retval=True)
    metadata.create_all(database)
    with database.connect() as connection:
        for block in generated.rows():
            for table in metadata.sorted_tables:
                names = [column.name for column in table.columns]
                rows = [dict(zip(names, row, strict=True)) for row in block[table.name]]
                if rows:
                    connection.execute(table.insert(), rows)
        yield connection


def peak_bytes(generated) -> int:
    """How much memory all blocks need, one after the other."""
    tracemalloc.start()
    try:
        for _ in generated.rows():
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
