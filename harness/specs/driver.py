"""Ask a server a block of SQL through the driver's own connection, in autocommit.

A spec says BEGIN and COMMIT itself, and a block is sent as it stands. Some drivers lay their protocol
open (libpq): there a block goes as a whole, every result comes back as the server's own text, and so do
notices and notifications. Others take one statement at a time through a cursor (PEP 249).
"""

from __future__ import annotations

import select
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from harness.engines.engine import Engine
from harness.errors import ProgramMisbehaved
from harness.specs.answer import Answer, Done, Failure, Notification, Row, Rows
from harness.specs.statements import statements_of

# libpq-fe.h, ExecStatusType, ConnStatusType and PGTransactionStatusType: part of its binary interface.
_EMPTY_QUERY, _COMMAND_OK, _TUPLES_OK, _FATAL_ERROR = 0, 1, 2, 7
_CONNECTION_OK = 0
_IDLE = 0
# postgres_ext.h: the codes of an error's fields.
_SEVERITY, _MESSAGE = ord("S"), ord("M")
# MySQL's protocol, status flag SERVER_STATUS_IN_TRANS.
_IN_TRANSACTION = 1


class Driver(Protocol):
    """One connection, asked by one thread; the notices may be taken by another."""

    def ask(self, block: str) -> Answer:
        """Send a block and wait for all that comes back; an error of the server's is an answer.

        Raises:
            ProgramMisbehaved: the connection is lost, or the block cannot be asked like this.
        """

    def quiet(self) -> bool:
        """Whether all that the server has sent so far was read."""

    def take_notices(self) -> Sequence[str]:
        """The notices that came since they were taken last."""


def driver_of(connection: Connection, kind: Engine) -> Driver:
    """What asks through this connection, which is put into autocommit once and stays there."""
    driver: Driver | None = connection.info.get("harness.specs")
    if driver is None:
        raw: Any = connection.connection.dbapi_connection
        driver = WholeBlocks(raw) if hasattr(raw, "pgconn") else OneByOne(raw, kind, connection)
        connection.info["harness.specs"] = driver
    return driver


class WholeBlocks:
    """A driver that lays libpq open: blocks go as a whole, by the simple query protocol."""

    def __init__(self, raw: Any) -> None:
        self._line: Any = raw.pgconn
        self._line.notice_handler = self._noticed
        self._notices: deque[str] = deque()
        self._listening = threading.Event()
        self._listening.set()

    def ask(self, block: str) -> Answer:
        """Send a block and read every result."""
        self._line.send_query(block.encode())
        parts = [part for result in self._results() for part in _read(result)]
        return Answer(tuple(parts), tuple(self._notifications()))

    def quiet(self) -> bool:
        """Whether nothing lies unread, and nothing that was read is still being looked at."""
        unread, _, _ = select.select([self._line.socket], [], [], 0)
        return not unread and self._listening.is_set()

    def take_notices(self) -> Sequence[str]:
        """The notices that came since they were taken last."""
        return [self._notices.popleft() for _ in range(len(self._notices))]

    def _results(self) -> Iterator[Any]:
        while (result := self._next()) is not None:
            yield result
        if self._line.status != _CONNECTION_OK:
            raise ProgramMisbehaved("the server closed the connection")

    def _next(self) -> Any:
        while self._line.is_busy():
            self._listening.set()
            select.select([self._line.socket], [], [])
            self._listening.clear()
            self._line.consume_input()
        result = self._line.get_result()
        self._listening.set()
        return result

    def _noticed(self, result: Any) -> None:
        self._notices.append(_text(result.error_message))

    def _notifications(self) -> Iterator[Notification]:
        self._line.consume_input()
        while (got := self._line.notifies()) is not None:
            yield Notification(_text(got.relname), _text(got.extra), got.be_pid)
