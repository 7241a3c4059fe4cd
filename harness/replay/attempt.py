"""Run a program on a connection, again where the server's refusal allows it, and say how it ended.

The line is one connection that stays open; one that breaks is opened again for the next request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from harness.clock import pause
from harness.engines import Engine
from harness.outcome import Refusal
from harness.replay.rows import Rows, row_count
from harness.replay.tally import End

_SAID_MAX = 160
_WAIT_S, _WAIT_MAX_S = 0.005, 0.5
_NONE: Mapping[str, int] = MappingProxyType({})

Run = Callable[..., object]
"""Takes a connection and the arguments beside it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one request or job ended."""

    end: End
    rows: Rows
    retries: int = 0
    error: str = ""
    value: object = None


class Line:
    """One connection and the attempts made on it."""

    def __init__(
        self, engine: Engine, database: Database, attempts: int, opened: Callable[[int], None]
    ) -> None:
        """`opened` is told the server's number of each connection that is opened."""
        self._engine = engine
        self._database = database
        self._opened = opened
        self._connection: Connection | None = None
        self._refusals: Counter[str] = Counter()
        self._retries = 0
        self._attempts = attempts
        self._retrying = Retrying(
            stop=stop_after_attempt(attempts - 1),
            # Not all at once again: those that refused each other would meet once more.
            wait=wait_random_exponential(multiplier=_WAIT_S, max=_WAIT_MAX_S),
            retry=retry_if_exception(self._may_retry),
            before_sleep=self._again,
            sleep=pause,
            reraise=True,
        )

    def open(self) -> Connection:
        """The connection, opened if it is not.

        Raises:
            sqlalchemy.exc.DBAPIError: the server did not take it.
        """
        if self._connection is None or self._connection.closed:
            self._connection = self._database.connect()
            number = self._connection.exec_driver_sql(self._engine.session_query).scalar_one()
            self._connection.rollback()
            self._opened(int(number))
        return self._connection

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._connection is not None:
            try:
                self._connection.close()
            except SQLAlchemyError:
                pass  # it broke, and is gone already
            self._connection = None

    def take_refusals(self) -> Mapping[str, int]:
        """The server's refusals since the last time, by kind and code."""
        if not self._refusals:
            return _NONE
        found, self._refusals = self._refusals, Counter()
        return found

    def run(
        self, program: Run, arguments: tuple[Any, ...], expected: tuple[type[BaseException], ...]
    ) -> Ended:
        """Run a program until it has ended in some way.

        What the program raises is its end and is counted: only what ends this process passes.
        """
        self._retries = 0
        try:
            connection = self.open()
        except DBAPIError as error:
            return Ended(End.LOST, Rows(), 0, _said(error))
        try:
            value = self._attempted(connection, program, arguments)
        except expected as error:
            return self._ended(connection, End.DECLINED, _said(error))
        except DBAPIError as error:
            return self._of_server(connection, error)
        except Exception as error:  # noqa: BLE001 - the program's end, whatever it is
            return self._ended(connection, End.FAILED, _said(error))
        return Ended(End.COMMITTED, row_count(connection).take(), self._retries, "", value)

    def _attempted(
        self, connection: Connection, program: Run, arguments: tuple[Any, ...]
    ) -> object:
        """Try once, and go to the length of trying again only if that was refused."""
        try:
            return self._once(connection, program, arguments)
        except DBAPIError as error:
            if self._attempts < 2 or not self._may_retry(error):
                raise
            self._note(error)
        return self._retrying(self._once, connection, program, arguments)

    def _once(self, connection: Connection, program: Run, arguments: tuple[Any, ...]) -> object:
        try:
            value = program(connection, *arguments)
            if connection.in_transaction():
                connection.rollback()
        except BaseException as error:
            # As the programs say: after an error, rolling back is left to the caller.
            if not connection.invalidated:
                row_count(connection).fails(by_server=isinstance(error, DBAPIError))
                self._roll_back(connection)
            raise
        return value

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except DBAPIError:
            connection.invalidate()  # the error on its way tells why

    def _of_server(self, connection: Connection, error: DBAPIError) -> Ended:
        if connection.invalidated or error.connection_invalidated:
            return self._ended(connection, End.LOST, _said(error))
        refusal = self._refusal(error)
        if refusal is None:
            return self._ended(connection, End.FAILED, _said(error))
        self._refusals[_named(refusal)] += 1
        return self._ended(connection, End.REFUSED, "")

    def _ended(self, connection: Connection, end: End, said: str) -> Ended:
        if connection.invalidated:
            self.close()  # the next request opens another
            return Ended(End.LOST, Rows(), self._retries, said)
        return Ended(end, row_count(connection).take(), self._retries, said)

    def _refusal(self, error: BaseException) -> Refusal | None:
        below = error.orig if isinstance(error, DBAPIError) else None
        return None if below is None else self._engine.classify(below)

    def _may_retry(self, error: BaseException) -> bool:
        refusal = self._refusal(error)
        return refusal is not None and refusal.retryable

    def _again(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if error is not None:
            self._note(error)

    def _note(self, error: BaseException) -> None:
        """Count a refusal after which another attempt is made."""
        if (refusal := self._refusal(error)) is not None:
            self._refusals[_named(refusal)] += 1
        self._retries += 1


def _named(refusal: Refusal) -> str:
    return f"{refusal.kind} {refusal.code}"


def _said(error: BaseException) -> str:
    """The exception's name and what it says, without statement and parameters, in one line."""
    cause: Any = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return " ".join(f"{type(cause).__name__}: {cause}".split())[:_SAID_MAX]
