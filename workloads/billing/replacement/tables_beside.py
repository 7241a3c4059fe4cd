"""The tables beside a partition: named, and dropped with their schema."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, Table, inspect
from sqlalchemy import Engine as Database

from harness.engines.engine import Engine
from harness.engines.partitioning import Partitioning
from workloads.billing.replacement import own_schemas
from workloads.billing.replacement.new_tables import next_to


def beside(how: Partitioning, table: Table, partition: str, home: str) -> Table:
    """The table beside a partition, to copy rows into: it has no key that anything is known of."""
    columns = [Column(column.name, column.type) for column in table.columns]
    name = how.beside_name(table.name, partition)
    return Table(name, MetaData(), *columns, schema=next_to(home))


def drop(engine: Engine, database: Database, schema: str) -> None:
    """Drop a schema of such tables with what is in it; may be called again.

    Raises:
        UsageError: the schema is somebody's; nothing was dropped.
    """
    if not own_schemas.is_there(engine, database, schema):
        return
    with database.begin() as connection:
        for name in inspect(connection).get_table_names(schema):
            if name != own_schemas.MARKER:
                Table(name, MetaData(), schema=schema).drop(connection)
        own_schemas.end(connection, schema)
