"""What a spec's session asks its server through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from harness.engines.engine import Engine
from harness.errors import ProgramMisbehaved
from harness.specs.answer import Answer, Failure, Part
from harness.specs.cursor import Cursor, lays_protocol_open
from harness.specs.whole import WholeBlocks


class Driver(Protocol):
    """One connection in autocommit, asked by one thread; another may look at the notices."""

    def ask(self, block: str) -> Answer:
        """Send a block and wait for all that comes back; what the server refuses is an answer.

        Raises:
            ProgramMisbehaved: the connection is lost, or the block cannot be asked from a spec.
        """

    def quiet(self) -> bool:
        """Whether all that the server has sent so far has been read."""

    def take_notices(self) -> Sequence[str]:
        """The notices that came since they were taken last."""


def driver_of(connection: Connection, kind: Engine) -> Driver:
    """What asks through this connection; the same for as long as it is open."""
    driver: Driver | None = connection.info.get("harness.specs")
    if driver is None:
        raw: Any = connection.connection.dbapi_connection
        openly = lays_protocol_open(raw)
        driver = WholeBlocks(raw.pgconn) if openly else OneByOne(Cursor(connection, kind), kind)
        connection.info["harness.specs"] = driver
    return driver


class OneByOne:
    """A driver that takes one statement at a time, and tells nothing beside its results."""

    def __init__(self, cursor: Cursor, kind: Engine) -> None:
        self._cursor = cursor
        self._kind = kind

    def ask(self, block: str) -> Answer:
        """Ask the block's statements until one is refused.

        Raises:
            ProgramMisbehaved: the connection is lost.
        """
        parts: list[Part] = []
        try:
            for part in self._cursor.parts(block):
                parts.append(part)  # noqa: PERF402 - what came before an error is an answer, too
        except self._kind.driver_error as error:
            if self._cursor.lost_by(error):
                raise ProgramMisbehaved(f"the connection is lost: {error}") from error
            parts.append(Failure("ERROR", str(error.args[-1])))
        return Answer(tuple(parts))

    def quiet(self) -> bool:
        """Nothing comes beside results."""
        return True

    def take_notices(self) -> Sequence[str]:
        """There are none."""
        return ()
