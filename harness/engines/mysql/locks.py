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
from harness.engines.mysql.metadata_locks import metadata_waits, threads_of
from harness.locks import DeadlockReport, SessionName, Wait

_WAITING = """
SELECT requesting_thread_id, requesting_engine_transaction_id, blocking_thread_id,
       blocking_engine_transaction_id
FROM performance_schema.data_lock_waits
"""

# A lock on a row that was only just inserted is made explicit by whoever meets it first, and then
# carries that one's thread, not its owner's; so does a lock, waiting ones too, on a row that grows
# and is written anew in its page. The transaction is right, and its table locks, which it took
# itself, tell its thread.
_OWNERS = """
SELECT engine_transaction_id, thread_id FROM performance_schema.data_locks
WHERE lock_type = 'TABLE' AND engine_transaction_id IN %s
"""

_AWAITED = """
SELECT r.lock_type, r.lock_mode, r.object_name, r.index_name, r.lock_data
FROM performance_schema.data_lock_waits w
JOIN performance_schema.data_locks r ON r.engine_lock_id = w.requesting_engine_lock_id
WHERE w.requesting_engine_transaction_id IN (
  SELECT engine_transaction_id FROM performance_schema.data_locks
  WHERE lock_type = 'TABLE' AND thread_id = %s)
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
        thread_of = threads_of(self._cursor, sessions.values())
        self._threads = {name: thread_of.get(number, 0) for name, number in sessions.items()}
        self._names = {thread: name for name, thread in self._threads.items()}

    def waiting(self, among: Collection[SessionName]) -> Mapping[SessionName, Wait]:
        """Those of *among* that wait for others of ours, with whom they wait for."""
        threads = {self._threads[name] for name in among if name in self._threads}
        found = self._row_waits(threads)
        if len(found) < len(among):
            waits = metadata_waits(self._cursor)
            found.update({t: set(waits[t].blockers) for t in threads & waits.keys()})
        waiters = {self._names[t]: self._ours(t, blockers) for t, blockers in found.items()}
        return {name: Wait(name, blockers) for name, blockers in waiters.items() if blockers}

    def _row_waits(self, threads: Collection[int]) -> dict[int, set[int]]:
        """Those of these threads that wait inside the storage engine, and for which threads."""
        self._cursor.execute(_WAITING)
        rows = self._cursor.fetchall()
        owners: dict[int, int] = {}
        if transactions := {t for _, waiting, _, blocking in rows for t in (waiting, blocking)}:
            self._cursor.execute(_OWNERS, (tuple(transactions),))
            owners.update(self._cursor.fetchall())
        found: dict[int, set[int]] = {}
        for thread, waiting, other_thread, blocking in rows:
            waiter = owners.get(waiting, thread)
            if waiter in threads:
                found.setdefault(waiter, set()).add(owners.get(blocking, other_thread))
        return found

    def _ours(self, thread: int, blockers: Collection[int]) -> tuple[SessionName, ...]:
        return tuple(sorted(self._names[b] for b in blockers if b in self._names and b != thread))

    def unexamined_s(self) -> float:
        """Nothing: a deadlock is found in the moment it closes."""
        return 0.0

    def details(self, waiter: SessionName) -> Wait | None:
        """The wait with its lock, index and row."""
        wait = self.waiting([waiter]).get(waiter)
        if wait is None:
            return None
        thread = self._threads[waiter]
        self._cursor.execute(_AWAITED, (thread,))
        rows = self._cursor.fetchall()
        if rows:
            kind, mode, table, index, data = rows[0]
            row = f", {data}" if data else ""
            on = f"{kind.lower()} lock {mode} on {table}" + (f".{index}" if index else "") + row
            return Wait(waiter, wait.blockers, on)
        other = metadata_waits(self._cursor).get(thread)
        return Wait(waiter, wait.blockers, other.on) if other is not None else wait

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
