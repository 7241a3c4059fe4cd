"""Redefine (再定義) the work tables: dropped and created again, empty.

The exam does so after the online day and before the first batch program, instead of backing the
two tables up; and again in the middle of the night, where a crash has made one of them unusable.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Table

from schema.vehicle_maintenance.work import wk1, wk2

WORK_TABLES: Final[Sequence[Table]] = (wk1, wk2)


def redefine(connection: Connection, tables: Sequence[Table] = WORK_TABLES) -> None:
    """Drop work tables and create them again, and commit.

    Running it again is right: a table that is not there is only created. On some engines each
    statement commits by itself, so a crash may leave a table away; redefining brings it back.

    Raises:
        ValueError: a table is no work table, and dropping it would lose what nobody can extract
            again.
    """
    for table in tables:
        if table not in WORK_TABLES:
            raise ValueError(f"table '{table.name}': is no work table")
    for table in tables:
        table.drop(connection, checkfirst=True)
        table.create(connection)
    connection.commit()
