"""Who waits for whom on MySQL: `performance_schema` (MySQL manual, "The data_lock_waits table").

`information_schema.INNODB_TRX` is not used: it is a copy that is refreshed only when nobody has
read it for 100 ms, so asking in a loop can pin a stale answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pymysql
from sqlalchemy import URL

from harness.engines.mysql.deadlock import parse_deadlock
from harness.locks import DeadlockReport, SessionName, Wait

# Every statement asks for its metadata locks and is PENDING for an instant, in which it may lose
# the processor: only a thread whose state says so waits for one.
_WAITING = """
SELECT requesting_thread_id, blocking_thread_id FROM performance_schema.data_lock_waits
UNION ALL
SELECT m.owner_thread_id, 0 FROM performance_schema.metadata_locks m
JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id
WHERE m.lock_status = 'PENDING'
  AND (t.processlist_state LIKE 'Waiting for %' OR t.processlist_state = 'User lock')
"""

_THREADS = """
SELECT processlist_id, thread_id FROM performance_schema.threads WHERE processlist_id IN %s
"""

# A lock made explicit by the waiter carries the waiter's thread, not its owner's: the transaction
# number is right, and the owner's table lock, which it took itself, tells its thread.
_AWAITED = """
SELECT r.lock_type, r.lock_mode, r.object_name, r.index_name, r.lock_data, o.thread_id AS owner
FROM performance_schema.data_lock_waits w
JOIN performance_schema.data_locks r ON r.engine_lock_id = w.requesting_engine_lock_id
LEFT JOIN performance_schema.data_locks o
  ON o.engine_transaction_id = w.blocking_engine_transaction_id AND o.lock_type = 'TABLE'
WHERE w.requesting_thread_id = %s
"""

_METADATA = """
SELECT p.object_type, p.object_name, p.lock_type, o.owner_thread_id AS owner
FROM performance_schema.metadata_locks p
LEFT JOIN performance_schema.metadata_locks o
  ON o.object_type = p.object_type AND o.object_schema <=> p.object_schema
 AND o.object_name <=> p.object_name AND o.lock_status = 'GRANTED'
 AND o.owner_thread_id <> p.owner_thread_id
WHERE p.lock_status = 'PENDING' AND p.owner_thread_id = %s
"""


def connect(url: URL) -> pymysql.connections.Connection[Any]:
    """A connection for a probe: every answer is of now (autocommit), none hangs for ever."""
    return pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        database=url.database,
        autocommit=True,
        connect_timeout=10,
        read_timeout=10,
        charset="utf8mb4",
    )


class MysqlLockProbe:
    """A lock probe with a connection of its own."""

    def __init__(self, url: URL) -> None:
        self._connection = connect(url)
        self._cursor = self._connection.cursor()
        self._threads: dict[SessionName, int] = {}
        self._ids: dict[SessionName, int] = {}
        self._names: dict[int, SessionName] = {}

    def watch(self, sessions: Mapping[SessionName, int]) -> None:
        """Say which connections are ours."""
        self._ids = dict(sessions)
        self._cursor.execute(_THREADS, (tuple(sessions.values()),))
        thread_of = dict(self._cursor.fetchall())
        self._threads = {name: thread_of[number] for name, number in sessions.items()}
        self._names = {thread: name for name, thread in self._threads.items()}

    def waiting(self, among: Collection[SessionName]) -> Mapping[SessionName, Wait]:
        """Those of *among* that wait, with those it waits for as far as the quick view tells."""
        self._cursor.execute(_WAITING)
        blockers: dict[SessionName, set[SessionName]] = {}
        for requesting, blocking in self._cursor.fetchall():
            name = self._names.get(requesting)
            if name in among and name is not None:
                blocker = self._names.get(blocking)
                blockers.setdefault(name, set()).update({blocker} - {None, name})  # type: ignore[arg-type]
        return {name: Wait(name, tuple(sorted(found))) for name, found in blockers.items()}

    def details(self, waiter: SessionName) -> Wait | None:
        """The wait with its lock, index and row."""
        thread = self._threads[waiter]
        self._cursor.execute(_AWAITED, (thread,))
        rows = self._cursor.fetchall()
        if rows:
            kind, mode, table, index, data, _ = rows[0]
            row = f", {data}" if data else ""
            on = f"{kind.lower()} lock {mode} on {table}" + (f".{index}" if index else "") + row
            return Wait(waiter, self._owners(rows, waiter), on)
        self._cursor.execute(_METADATA, (thread,))
        rows = self._cursor.fetchall()
        if not rows:
            return None
        return Wait(waiter, self._owners(rows, waiter), f"{rows[0][0].lower()} {rows[0][1]}")

    def last_deadlock(self, detail: str) -> DeadlockReport | None:
        """Read the newest deadlock from InnoDB's status text."""
        self._cursor.execute("SHOW ENGINE INNODB STATUS")
        row = self._cursor.fetchone()
        names = {number: name for name, number in self._ids.items()}
        return parse_deadlock(row[2], names) if row else None

    def cancel(self, session: SessionName) -> None:
        """Kill the session's connection."""
        try:
            self._cursor.execute("KILL %s", (self._ids[session],))
        except pymysql.err.OperationalError as error:
            if error.args[0] != 1094:  # the connection is gone already
                raise

    def close(self) -> None:
        """Close the probe's connection."""
        self._connection.close()

    def _owners(self, rows: Any, waiter: SessionName) -> tuple[SessionName, ...]:
        owners = {self._names[row[-1]] for row in rows if row[-1] in self._names}
        return tuple(sorted(owners - {waiter}))
