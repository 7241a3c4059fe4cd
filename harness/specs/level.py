"""Autocommit, and the isolation level of transactions that SQL begins without naming one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

_DONE = "harness.specs.level"


def begin_by_hand(connection: Connection, level: str | None = None) -> None:
    """Leave it to SQL to begin transactions, until this connection is closed.

    What a bare BEGIN begins runs at *level*, or else at that which the connection was made for.
    Some drivers tell it to the server once and for all, others say it in each BEGIN of their own:
    there the session is told in the words of the SQL standard.
    """
    if connection.info.get(_DONE):
        return
    raw: Any = connection.connection.dbapi_connection
    dialect = connection.dialect
    wanted = level or dialect.get_isolation_level(raw)
    raw.rollback()  # to have asked may have begun a transaction
    dialect.set_isolation_level(raw, wanted)  # type: ignore[arg-type]
    dialect.set_isolation_level(raw, "AUTOCOMMIT")
    if dialect.get_isolation_level(raw) != wanted:
        cursor = raw.cursor()
        cursor.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {wanted}")
        cursor.close()
    connection.info[_DONE] = True
