"""The log-space drill: one unit of work writes many times the log that there is space for.

On a server with the least space for its log a unit inserts rows, part by part: committed at once at
its end, rolled back at its end, and with a commit after each part. While it is open another session
asks how much log lies on the disk and how far the checkpoint has come. Where the engine has a limit
for the log of one unit, that is tried as well: it is the one that refuses.

What must hold: what was committed is there, what was not is not, and the server goes on.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL

from harness.checks.verdict import Verdict
from harness.clock import now_s
from harness.engines.engine import Engine
from harness.servers import asking

_TABLE = "drill_written"
_ROW_BYTES = 1000
ROWS_A_PART = 500
PART_BYTES = _ROW_BYTES * ROWS_A_PART
# Below a part of a unit and the log of its rows, above what a part alone writes.
_LIMIT_BYTES = 1 << 20
_LOOK_EVERY = 4

Told = Callable[[str], None]


class End(enum.Enum):
    """How a unit is meant to end."""

    COMMITTED = "one unit"
    ROLLED_BACK = "one unit, rolled back"
    IN_PARTS = "a commit for each part"
    LIMITED = "one unit, its log limited"
    LIMITED_IN_PARTS = "limited, a commit for each part"

    @property
    def in_parts(self) -> bool:
        """Whether there is a commit after each part."""
        return self in {End.IN_PARTS, End.LIMITED_IN_PARTS}


@dataclass
class Written:
    """What one run wrote, and what is there afterwards."""

    end: End
    parts: int
    log_bytes: Mapping[str, int] = field(default_factory=dict)
    """By the log's name."""
    on_disk_bytes: int = 0
    """Of the log that recovers the server, at the most, while the unit was open."""
    passed_bytes: int = 0
    """How far the checkpoint moved on meanwhile."""
    refused_in: int = 0
    """The part in which the unit's log was full; 0 if it never was."""
    refused: str = ""
    """What the server said then."""
    stayed_rows: int = 0
    """Rows that the session itself still saw then, before it rolled back."""
    found_rows: int = -1
    """Rows that a new session finds afterwards; -1 if nobody could look."""
    elapsed_s: float = 0.0

    @property
    def wanted_rows(self) -> int:
        """What must be there."""
        if self.end is End.ROLLED_BACK or (self.refused_in and not self.end.in_parts):
            return 0
        return (self.refused_in - 1 if self.refused_in else self.parts) * ROWS_A_PART


@dataclass
class LogSpaceFound:
    """All runs on one engine."""

    runs: list[Written] = field(default_factory=list)

    def wrong(self) -> list[str]:
        """What was lost or is there and must not be, in sentences."""
        said = []
        for run in self.runs:
            if run.found_rows not in (run.wanted_rows, -1):
                said.append(
                    f"{run.end.value}: {run.found_rows:,} rows are there and not "
                    f"{run.wanted_rows:,}"
                )
            if run.end is End.LIMITED_IN_PARTS and run.refused_in:
                said.append(f"{run.end.value}: part {run.refused_in} was refused as well")
        return said

    def unknown(self, log: str, space_bytes: int) -> list[str]:
        """What could not be seen, in sentences."""
        said = [f"{run.end.value}: nobody could look" for run in self.runs if run.found_rows < 0]
        for run in self.runs:
            wrote = run.log_bytes.get(log, 0)
            if run.end is End.COMMITTED and wrote <= space_bytes:
                said.append(f"{run.end.value}: it wrote {wrote:,} bytes of log, no more than fit")
            if run.end is End.LIMITED and not run.refused_in:
                said.append(f"{run.end.value}: it was not refused")
        return said if self.runs else ["nothing was tried"]

    def verdict(self, log: str, space_bytes: int) -> Verdict:
        """Violated if something is wrong, else unknown if something was not seen."""
        if self.wrong():
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.unknown(log, space_bytes) else Verdict.HOLDS


class LogSpaceDrill:
    """The drill in one database of a server with little space for its log."""

    def __init__(self, engine: Engine, url: URL, unit_bytes: int, told: Told) -> None:
        self._engine = engine
        self._space = engine.log_space
        self._url = url
        self._parts = max(1, -(-unit_bytes // PART_BYTES))
        self._told = told

    def ends(self) -> Sequence[End]:
        """The runs that this engine allows."""
        limited = (End.LIMITED, End.LIMITED_IN_PARTS) if self._engine.unit_log.limit else ()
        return (End.COMMITTED, End.ROLLED_BACK, End.IN_PARTS, *limited)

    def run(self, end: End) -> Written:
        """Write one unit; what came of it.

        Raises:
            engine.driver_error: the server refused for another reason, or is gone.
        """
        self._told(f"{end.value}: {self._parts} parts of {PART_BYTES:,} bytes")
        limit = self._engine.unit_log
        limited = end in {End.LIMITED, End.LIMITED_IN_PARTS}
        with asking.connected(self._engine, self._url) as watcher:
            columns = f"id INT NOT NULL PRIMARY KEY, filler VARCHAR({_ROW_BYTES}) NOT NULL"
            asking.execute(watcher, [f"DROP TABLE IF EXISTS {_TABLE}"])
            asking.execute(watcher, [f"CREATE TABLE {_TABLE} ({columns})"])
            if limited:
                asking.execute(watcher, [limit.limit.format(_LIMIT_BYTES)])
            try:
                return self._measured(end, watcher)
            finally:
                if limited:
                    asking.execute(watcher, [limit.unlimited])

    def _measured(self, end: End, watcher: Any) -> Written:
        written = Written(end, self._parts)
        logs = self._engine.measuring.log_bytes
        before, place, began_s = logs(watcher), self._number(watcher, "checkpointed"), now_s()
        with asking.connected(self._engine, self._url) as connection:
            self._write(written, connection, watcher, place)
        written.elapsed_s = now_s() - began_s
        after = logs(watcher)
        written.log_bytes = {name: after[name] - before[name] for name in before}
        # A session that is new sees what is committed, and nothing else.
        found = asking.ask(self._engine, self._url, f"SELECT COUNT(*) FROM {_TABLE}")
        written.found_rows = int(found)
        return written

    def _write(self, written: Written, connection: Any, watcher: Any, place: int) -> None:
        asking.execute(connection, ["BEGIN"])
        for part in range(1, self._parts + 1):
            try:
                asking.execute(connection, [_insert(part)])
                if written.end.in_parts:
                    asking.execute(connection, ["COMMIT", "BEGIN"])
            except self._engine.driver_error as error:
                if not self._engine.unit_log.is_full(error):
                    raise
                written.refused_in, written.refused = part, asking.words(error)
                rows = asking.rows_of(connection, f"SELECT COUNT(*) FROM {_TABLE}")
                written.stayed_rows = int(rows[0][0])
                asking.execute(connection, ["ROLLBACK"])
                return
            if part % _LOOK_EVERY == 0 or part == self._parts:
                on_disk = self._number(watcher, "on_disk")
                written.on_disk_bytes = max(written.on_disk_bytes, on_disk)
                written.passed_bytes = self._number(watcher, "checkpointed") - place
        ended = "ROLLBACK" if written.end is End.ROLLED_BACK else "COMMIT"
        asking.execute(connection, [ended])

    def _number(self, watcher: Any, query: str) -> int:
        return int(asking.rows_of(watcher, getattr(self._space, query))[0][0])


def _insert(part: int) -> str:
    first = (part - 1) * ROWS_A_PART
    filler = "x" * _ROW_BYTES
    rows = ", ".join(f"({first + row}, '{filler}')" for row in range(ROWS_A_PART))
    return f"INSERT INTO {_TABLE} VALUES {rows}"
