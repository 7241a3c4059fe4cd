"""Schemas of ours beside the one in use: marked when they are made, and no other is ever dropped.

Their names follow from that of the schema in use, and somebody may have one of such a name.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, Integer, MetaData, Table, inspect
from sqlalchemy import Engine as Database
from sqlalchemy.schema import CreateSchema, CreateTable, DropSchema

from harness.engines.engine import Engine
from harness.errors import UsageError

# Not the marker of a database that is lent to us, which says that all in the database is ours.
MARKER: Final = "harness_beside"
"""The table that says that its schema is ours, with all that is in it."""


def make(connection: Connection, schema: str) -> None:
    """Make a schema, with the marker in it."""
    connection.execute(CreateSchema(schema))
    connection.execute(CreateTable(_marker(schema)))


def is_there(engine: Engine, database: Database, schema: str) -> bool:
    """Whether there is a schema of ours of this name; nothing is changed.

    Where definitions do not change in transactions, one in which nothing is counts as ours: a crash
    leaves that between the schema and its marker.

    Raises:
        UsageError: there is one, and it is somebody's.
    """
    catalog = inspect(database)
    if schema not in catalog.get_schema_names():
        return False
    if catalog.has_table(MARKER, schema):
        return True
    with database.connect() as connection:
        within = connection.exec_driver_sql(engine.replacing.within.format(schema)).scalars()
        found = sorted(map(str, within))
    if not found and not engine.replacing.one_transaction:
        return True
    held = ", ".join(found[:3] + ["…"] * (len(found) > 3)) or "nothing"
    raise UsageError(
        f"{engine.name}: the schema {schema} is not the harness's: it has {held}, and no table"
        f" {MARKER}",
        f"it was left as it is; what is done here needs the name {schema}: give that one another,"
        " or work in a database of another name",
    )


def end(connection: Connection, schema: str) -> None:
    """Drop the marker, and the schema in which nothing else is left."""
    _marker(schema).drop(connection, checkfirst=True)
    connection.execute(DropSchema(schema))


def _marker(schema: str) -> Table:
    return Table(MARKER, MetaData(), Column("id", Integer, primary_key=True), schema=schema)
