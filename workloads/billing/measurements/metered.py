"""A deletion with a meter on its log: what each unit of work has written, told in a file.

It runs in another process than the one that judges it, so what it has to say goes by a file.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from harness.engines import ENGINES, Engine
from harness.servers import asking

Deletion = Callable[[Connection], object]


@dataclass(frozen=True, slots=True)
class Meter:
    """What a deletion has written."""

    units: int
    """How many units of work it has committed."""
    unit_bytes_max: int
    """The most that one of them has written to the log that holds a unit."""
    limit_bytes: int = 0
    """What one was allowed to write; 0 if anything."""
    refused: str = ""
    """What the server said when it refused one."""

    @classmethod
    def read(cls, path: Path) -> Meter | None:
        """What was told; None if the deletion did not come to its end."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None


class _Metered:
    """A connection whose commits are followed by a look at the log."""

    def __init__(self, connection: Connection, log: Callable[[], int]) -> None:
        self._connection = connection
        self._log = log
        self._last = log()
        self.units = 0
        self.most = 0

    def commit(self) -> None:
        """Commit, and read the meter."""
        self._connection.commit()
        now = self._log()
        if now > self._last:
            self.units += 1
            self.most = max(self.most, now - self._last)
        self._last = now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def engine_of(connection: Connection) -> Engine:
    """What kind of server a connection leads to."""
    return ENGINES[connection.dialect.name]


def metered(connection: Connection, deletion: Deletion, told: Path) -> None:
    """Run a deletion and tell what it wrote.

    Raises:
        LookupError: the log that holds a unit is off.
    """
    told.unlink(missing_ok=True)
    with _log_of(connection) as log:
        seen = _Metered(connection, log)
        deletion(cast("Connection", seen))
    _tell(told, Meter(seen.units, seen.most))


def limited(
    connection: Connection, deletion: Deletion, told: Path, measured: Path, share: float
) -> None:
    """Run a deletion whose units may write `share` of what the largest of `measured` has.

    A unit that the server refuses is rolled back and told, which ends the deletion.

    Raises:
        LookupError: that measurement was not made, or the log that holds a unit is off.
    """
    told.unlink(missing_ok=True)
    before = Meter.read(measured)
    if before is None:
        raise LookupError("what one unit writes without a limit was not measured")
    unit_log = engine_of(connection).unit_log
    steps = math.ceil(before.unit_bytes_max * share / unit_log.step_bytes)
    limit_bytes = max(1, steps) * unit_log.step_bytes
    with _limit(connection, limit_bytes) as fresh, _log_of(connection) as log:
        seen = _Metered(fresh, log)
        refused = ""
        try:
            deletion(cast("Connection", seen))
        except DBAPIError as error:
            said = error.orig or error
            fresh.rollback()
            if not unit_log.is_full(said):
                raise
            refused = asking.words(said)
    _tell(told, Meter(seen.units, seen.most, limit_bytes, refused))


@contextlib.contextmanager
def _limit(connection: Connection, limit_bytes: int) -> Iterator[Connection]:
    """A new connection, for which the limit holds."""
    unit_log = engine_of(connection).unit_log
    if unit_log.limit:
        connection.exec_driver_sql(unit_log.limit.format(limit_bytes))
        connection.commit()
    try:
        with connection.engine.connect() as fresh:
            yield fresh
    finally:
        if unit_log.unlimited:
            connection.exec_driver_sql(unit_log.unlimited)
            connection.commit()


@contextlib.contextmanager
def _log_of(connection: Connection) -> Iterator[Callable[[], int]]:
    """Reads the bytes of the log that holds a unit, over a connection of its own."""
    engine = engine_of(connection)
    with contextlib.closing(asking.connect(engine, connection.engine.url)) as other:
        if engine.unit_log.log not in engine.measuring.log_bytes(other):
            raise LookupError(f"the {engine.unit_log.log}, which holds a unit's log, is off")
        yield lambda: engine.measuring.log_bytes(other)[engine.unit_log.log]


def _tell(told: Path, meter: Meter) -> None:
    told.write_text(json.dumps(asdict(meter)), encoding="utf-8")
