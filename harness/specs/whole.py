"""Ask a block of SQL through libpq's own connection, where a driver lays it open.

A block goes as a whole, by the simple query protocol, as psql and the isolation tester send it.
Every result comes back, also those before an error, in the server's own text; so do notices and
notifications, which a cursor does not give.
"""

from __future__ import annotations

import select
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from harness.errors import ProgramMisbehaved
from harness.specs.answer import Answer, Done, Failure, Notice, Notification, Part, Rows

# libpq-fe.h, ExecStatusType and ConnStatusType; postgres_ext.h, the codes of an error's fields: all
# part of a binary interface that does not change.
_EMPTY_QUERY, _COMMAND_OK, _TUPLES_OK, _FATAL_ERROR = 0, 1, 2, 7
_CONNECTION_OK = 0
_SEVERITY, _MESSAGE = ord("S"), ord("M")


class WholeBlocks:
    """One connection of libpq's, asked by one thread; another may look at the notices."""

    def __init__(self, line: Any) -> None:
        self._line = line
        self._line.notice_handler = self._noticed
        # A poll object serves one thread at a time: one is for who asks, one for who looks on.
        self._next_bytes, self._any_bytes = self._new_poll(), self._new_poll()
        self._notices: deque[str] = deque()
        self._parts: list[Part] = []
        self._listening = threading.Event()
        self._listening.set()

    def ask(self, block: str) -> Answer:
        """Send a block and read every result.

        Raises:
            ProgramMisbehaved: the connection is lost, or the block is a COPY with the client.
        """
        self._parts = []
        self._line.send_query(block.encode())
        for result in self._results():
            self._parts.append(_read(result))
        return Answer(tuple(self._parts), tuple(self._notifications()))

    def quiet(self) -> bool:
        """Whether nothing lies unread, and nothing that was read is still being looked at."""
        return not self._any_bytes.poll(0) and self._listening.is_set()

    def take_notices(self) -> Sequence[str]:
        """The notices that came since they were taken last."""
        return [self._notices.popleft() for _ in range(len(self._notices))]

    def _new_poll(self) -> select.poll:
        poll = select.poll()
        poll.register(self._line.socket, select.POLLIN)
        return poll

    def _results(self) -> Iterator[Any]:
        while (result := self._next()) is not None:
            yield result
        if self._line.status != _CONNECTION_OK:
            raise ProgramMisbehaved("the server closed the connection")

    def _next(self) -> Any:
        while self._line.is_busy():
            self._listening.set()
            self._next_bytes.poll()
            self._listening.clear()
            self._line.consume_input()
        self._listening.set()
        return self._line.get_result()

    def _noticed(self, result: Any) -> None:
        text = _text(result.error_message)
        # libpq reads no further than the next result, so what it finds then belongs between two.
        if self._parts:
            self._parts.append(Notice(text))
        else:
            self._notices.append(text)

    def _notifications(self) -> Iterator[Notification]:
        self._line.consume_input()
        while (got := self._line.notifies()) is not None:
            yield Notification(_text(got.relname), _text(got.extra), got.be_pid)


def _read(result: Any) -> Rows | Done | Failure:
    if result.status == _TUPLES_OK:
        columns, rows = range(result.nfields), range(result.ntuples)
        return Rows(
            tuple(_text(result.fname(column)) for column in columns),
            tuple(tuple(_value(result.get_value(r, c)) for c in columns) for r in rows),
        )
    if result.status == _FATAL_ERROR:
        severity, message = result.error_field(_SEVERITY), result.error_field(_MESSAGE)
        if severity is None or message is None:  # libpq's own, not the server's
            raise ProgramMisbehaved(_text(result.error_message).strip())
        return Failure(_text(severity), _text(message))
    if result.status not in (_EMPTY_QUERY, _COMMAND_OK):
        raise ProgramMisbehaved("a COPY with the client, for which a spec has no data")
    return Done(result.command_tuples)


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")


def _value(raw: bytes | None) -> str | None:
    return None if raw is None else _text(raw)
