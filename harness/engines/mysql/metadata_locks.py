"""Waits outside the storage engine: for definitions, for whole tables, for advisory locks.

Both servers show them in `performance_schema.metadata_locks`, where that is on (MySQL manual, "The
metadata_locks table"). The table does not say who blocks whom; that follows from the modes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# Every statement asks for its metadata locks and is PENDING for an instant, in which it may lose
# the processor: only a thread whose state says so waits for one.
_PENDING = """
SELECT m.owner_thread_id, m.object_type, m.object_name, m.lock_type,
       o.owner_thread_id, o.lock_type, o.lock_status
FROM performance_schema.metadata_locks m
JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id
JOIN performance_schema.metadata_locks o
  ON o.object_type = m.object_type AND o.object_schema <=> m.object_schema
 AND o.object_name <=> m.object_name AND o.owner_thread_id <> m.owner_thread_id
WHERE m.lock_status = 'PENDING'
  AND (t.processlist_state LIKE 'Waiting for %' OR t.processlist_state = 'User lock')
"""

THREADS = """
SELECT processlist_id, thread_id FROM performance_schema.threads WHERE processlist_id IN %s
"""

# Which granted modes each mode must wait for (sql/mdl.cc, "Lock compatibility matrix").
_STRONG = frozenset({"SHARED_NO_READ_WRITE", "EXCLUSIVE"})
_WRITES = frozenset({"SHARED_WRITE", "SHARED_WRITE_LOW_PRIO"})
_AWAITS: Mapping[str, frozenset[str]] = {
    "INTENTION_EXCLUSIVE": frozenset({"SHARED", "EXCLUSIVE"}),
    "SHARED": frozenset({"INTENTION_EXCLUSIVE", "EXCLUSIVE"}),
    "SHARED_HIGH_PRIO": frozenset({"EXCLUSIVE"}),
    "SHARED_READ": _STRONG,
    "SHARED_WRITE": _STRONG | {"SHARED_NO_WRITE", "SHARED_READ_ONLY"},
    "SHARED_WRITE_LOW_PRIO": _STRONG | {"SHARED_NO_WRITE", "SHARED_READ_ONLY"},
    "SHARED_UPGRADABLE": _STRONG | {"SHARED_UPGRADABLE", "SHARED_NO_WRITE"},
    "SHARED_READ_ONLY": _STRONG | _WRITES,
    "SHARED_NO_WRITE": _STRONG | _WRITES | {"SHARED_UPGRADABLE", "SHARED_NO_WRITE"},
}
_FREE_OF_STRONG = frozenset({"SHARED", "SHARED_HIGH_PRIO"})


class Cursor(Protocol):
    """As much of a driver's cursor as is needed here."""

    def execute(self, query: str, args: Any = None) -> Any:
        """Have a query run."""

    def fetchall(self) -> Any:
        """Its rows."""


@dataclass(frozen=True, slots=True)
class MetadataWait:
    """One thread that waits."""

    blockers: frozenset[int]
    """Threads that hold what it must wait for, or else stand before it in the queue."""
    on: str
    table: str | None = None
    """None for an advisory lock, or one on something else than a table."""


def metadata_waits(cursor: Cursor) -> dict[int, MetadataWait]:
    """All waits of this kind, by the waiting thread."""
    cursor.execute(_PENDING)
    by_thread: dict[int, list[tuple[Any, ...]]] = {}
    for row in cursor.fetchall():
        by_thread.setdefault(row[0], []).append(row)
    return {thread: _wait(rows) for thread, rows in by_thread.items()}


def _wait(rows: list[tuple[Any, ...]]) -> MetadataWait:
    _, kind, name, mode, *_ = rows[0]
    others = [(owner, held, status) for *_, owner, held, status in rows]
    holders = {o for o, held, status in others if status == "GRANTED" and _conflict(mode, held)}
    queue = {o for o, held, status in others if status == "PENDING" and _conflict(mode, held)}
    # MariaDB shows the lock of LOCK TABLES ... READ as the weaker one of a mere reader: where no
    # mode explains a wait, all who hold any may be meant.
    anybody = {o for o, _, status in others if status == "GRANTED"}
    if kind == "USER LEVEL LOCK":
        on = f"advisory lock {name}"
    else:
        on = f"metadata lock {mode} on {name or kind.lower()}"
    table = name if kind == "TABLE" else None
    return MetadataWait(frozenset(holders or queue or anybody), on, table)


def _conflict(wanted: str, held: str) -> bool:
    """Whether one mode must wait for another; modes that are not known here do.

    >>> _conflict("SHARED_READ", "SHARED_WRITE"), _conflict("EXCLUSIVE", "SHARED_READ")
    (False, True)
    """
    if wanted == "SHARED_NO_READ_WRITE":
        return held not in _FREE_OF_STRONG
    awaited = _AWAITS.get(wanted)
    return awaited is None or held in awaited


def threads_of(cursor: Cursor, connections: Iterable[int]) -> dict[int, int]:
    """The server's thread numbers of connections, by connection."""
    wanted = tuple(connections)
    if not wanted:
        return {}
    cursor.execute(THREADS, (wanted,))
    return dict(cursor.fetchall())
