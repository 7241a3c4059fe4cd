"""The isolation level of transactions that SQL begins without naming one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from harness.engines.engine import Isolation


def set_level(connection: Connection, level: Isolation) -> None:
    """Put a connection into autocommit, with *level* for what `BEGIN` begins, until it is closed.

    Some drivers tell the server their level once and for all, others say it in each BEGIN of their own.
    With the latter the session is told in the words of the SQL standard.
    """
    raw: Any = connection.connection.dbapi_connection
    dialect = connection.dialect
    dialect.set_isolation_level(raw, level.value)  # type: ignore[arg-type]
    dialect.set_isolation_level(raw, "AUTOCOMMIT")
    if dialect.get_isolation_level(raw) == level.value:
        return
    cursor = raw.cursor()
    cursor.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level.value}")
    cursor.close()
