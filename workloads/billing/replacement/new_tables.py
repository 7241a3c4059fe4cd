"""The tables beside those in use: made empty in a schema of their own, and dropped with it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine as Database
from sqlalchemy import ForeignKeyConstraint, MetaData, Table, inspect

from harness.engines.engine import Engine
from schema.billing import bill, bill_line, metadata
from schema.naming import new_metadata
from workloads.billing.replacement import own_schemas

TABLES: Final[tuple[Table, ...]] = (bill, bill_line)
"""What is replaced, parents first."""

NAMES: Final = tuple(table.name for table in TABLES)


def home_of(database: Database) -> str:
    """The schema in which the tables are used."""
    home = inspect(database).default_schema_name
    assert home is not None, "a database was named"
    return home


def next_to(home: str) -> str:
    """The schema in which new tables are filled.

    >>> next_to("billing"), old_of("billing")
    ('billing_next', 'billing_old')
    """
    return f"{home}_next"


def old_of(home: str) -> str:
    """The schema in which the old tables end."""
    return f"{home}_old"


def make(database: Database, home: str) -> None:
    """Make both schemas, and in the first the new tables, with all keys and constraints."""
    tables = _tables_in(next_to(home), home)
    with database.begin() as connection:
        for schema in (next_to(home), old_of(home)):
            own_schemas.make(connection, schema)
        tables.create_all(connection, [tables.tables[f"{next_to(home)}.{n}"] for n in NAMES])


def are_swapped(database: Database, home: str) -> bool:
    """Whether the tables in use are the new ones, and the old ones still there."""
    catalog = inspect(database)
    there = old_of(home) in catalog.get_schema_names()
    return there and bill.name in catalog.get_table_names(old_of(home))


def see_ours(engine: Engine, database: Database, home: str) -> list[str]:
    """Which of both schemas are there.

    Raises:
        UsageError: one is there and is somebody's.
    """
    both = (next_to(home), old_of(home))
    return [schema for schema in both if own_schemas.is_there(engine, database, schema)]


def drop(engine: Engine, database: Database, home: str) -> None:
    """Drop both schemas with what is left in them; may be called again.

    Raises:
        UsageError: one of them is somebody's; nothing was dropped.
    """
    for schema in see_ours(engine, database, home):
        tables = _tables_in(schema, home)
        with database.begin() as connection:
            tables.drop_all(connection, [tables.tables[f"{schema}.{name}"] for name in NAMES])
            own_schemas.end(connection, schema)


def _tables_in(schema: str, home: str) -> MetaData:
    """The replaced tables in a schema; the others stay at home."""

    def referred(
        _table: Table, _to_schema: str | None, key: ForeignKeyConstraint, _from: str | None
    ) -> str:
        return schema if key.referred_table.name in NAMES else home

    copy = new_metadata()
    for table in metadata.sorted_tables:
        target = schema if table.name in NAMES else home
        table.to_metadata(copy, schema=target, referred_schema_fn=referred)
    return copy
