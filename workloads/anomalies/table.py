"""Hermitage's one table, test (id int primary key, value int), with (1, 10) and (2, 20) in it."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert

metadata = MetaData()

TEST = Table(
    "test",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", Integer),
)

FIRST_ROWS = ((1, 10), (2, 20))


def load(connection: Connection) -> None:
    """Put the two rows into the table."""
    connection.execute(insert(TEST), [{"id": key, "value": value} for key, value in FIRST_ROWS])
