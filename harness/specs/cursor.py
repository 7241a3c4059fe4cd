"""Ask a block of SQL through a driver's cursor (PEP 249), on a connection in autocommit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from harness.engines.engine import Engine
from harness.specs.answer import Done, Rows
from harness.specs.statements import statements_of

# libpq-fe.h, PGTransactionStatusType, and the flag SERVER_STATUS_IN_TRANS of MySQL's protocol.
_IDLE = 0
_IN_TRANSACTION = 1


def lays_protocol_open(raw: Any) -> bool:
    """Whether a driver's connection gives its libpq connection; it then takes whole blocks."""
    return hasattr(raw, "pgconn")


class Cursor:
    """Any driver. A block is split where the driver takes one statement at a time."""

    def __init__(self, connection: Connection, kind: Engine) -> None:
        self._raw: Any = connection.connection.dbapi_connection
        self._is_disconnect = connection.dialect.is_disconnect
        self._kind = kind

    def parts(self, block: str) -> Iterator[Rows | Done]:
        """What comes back for each statement, asked one after the other.

        Raises:
            self._kind.driver_error: the server refused one; those before it have been carried out.
        """
        whole = lays_protocol_open(self._raw)
        for statement in [block] if whole else statements_of(block, self._kind.sql_dialect):
            yield from self._execute(statement)

    def lost_by(self, error: Any) -> bool:
        """Whether the connection is lost with this error of the driver's."""
        return bool(self._is_disconnect(error, self._raw, None))

    def in_transaction(self) -> bool:
        """Whether a transaction is open, by the server's last word."""
        if lays_protocol_open(self._raw):
            return bool(self._raw.pgconn.transaction_status != _IDLE)
        return bool(self._raw.server_status & _IN_TRANSACTION)

    def _execute(self, statement: str) -> Iterator[Rows | Done]:
        cursor = self._raw.cursor()
        try:
            cursor.execute(statement)
            more: object = True
            while more:
                yield _result(cursor)
                more = cursor.nextset()
        finally:
            cursor.close()


def _result(cursor: Any) -> Rows | Done:
    if cursor.description is None:
        return Done(cursor.rowcount)
    columns = tuple(str(column[0]) for column in cursor.description)
    return Rows(columns, tuple(tuple(map(_text, row)) for row in cursor.fetchall()))


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return None if value is None else str(value)
