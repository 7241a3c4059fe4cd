"""Who waits for whom on PostgreSQL.

`pg_blocking_pids` looks into the lock manager itself, so its answer is never stale (manual, "System
information functions"). It counts sessions that hold a conflicting lock and those that stand before
us in the queue.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import URL

from harness.clock import now_s
from harness.locks import AwaitedLock, DeadlockReport, SessionName, Wait

# With the time since the youngest wait began.
_WAITING = """
SELECT pid, blocking, CASE WHEN blocking <> '{}' THEN (
         SELECT extract(epoch FROM clock_timestamp() - max(l.waitstart))
         FROM pg_locks l WHERE l.pid = p.pid AND NOT l.granted) END
FROM (SELECT pid, pg_blocking_pids(pid) || pg_safe_snapshot_blocking_pids(pid) AS blocking
      FROM unnest(%s::int[]) AS pid OFFSET 0) AS p
"""

_AWAITED = """
SELECT l.locktype, l.mode, l.relation::regclass::text AS relation, l.page, l.tuple,
       CASE l.objsubid WHEN 1 THEN ((l.classid::bigint << 32) + l.objid::bigint)::text
                       WHEN 2 THEN l.classid || ', ' || l.objid END AS key
FROM pg_locks l WHERE l.pid = %s AND NOT l.granted
"""

# While it waits for the transaction that changed a row, a session keeps its place in the row's
# queue by a tuple lock (src/backend/access/heap/README.tuplock): that names the row.
_QUEUED_FOR = """
SELECT l.relation::regclass::text AS relation, l.page, l.tuple
FROM pg_locks l WHERE l.pid = %s AND l.locktype = 'tuple'
"""

_KEY_COLUMNS = """
SELECT a.attname FROM pg_index i JOIN pg_attribute a
  ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY array_position(i.indkey, a.attnum)
"""

_DEADLOCK_TIMEOUT = "SELECT extract(epoch FROM current_setting('deadlock_timeout')::interval)"

_TOO_LONG_S = 0.02
"""A longer deadlock_timeout is not waited for."""
_LATE_S = 0.008
"""How much later than that a backend may look, on a machine that has other work to do."""

_MEMBER = re.compile(
    r"Process (?P<waiter>\d+) waits for (?P<lock>.+?); blocked by process (?P<blocker>\d+)\."
)


def connect(url: URL, **said: Any) -> psycopg.Connection[Any]:
    """A connection for a probe: every answer is of now (autocommit), none hangs for ever.

    What is `said` to the driver comes before what is usual.
    """
    usual: dict[str, Any] = {
        "connect_timeout": 10,
        "options": "-c statement_timeout=10s -c lock_timeout=100ms",
    }
    return psycopg.connect(
        host=url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        dbname=url.database,
        autocommit=True,
        **{**usual, **said},
    )


class PostgresqlLockProbe:
    """A lock probe with a connection of its own."""

    def __init__(self, url: URL) -> None:
        self._connection = connect(url, prepare_threshold=0)
        self._pids: dict[SessionName, int] = {}
        self._names: dict[int, SessionName] = {}

        timeout = self._connection.execute(_DEADLOCK_TIMEOUT).fetchone()
        self._looked_after_s = float(timeout[0]) + _LATE_S if timeout else 0.0
        self._youngest_s = math.inf
        self._looked_s = 0.0

    def watch(self, sessions: Mapping[SessionName, int]) -> None:
        """Say which backends are ours."""
        self._pids = dict(sessions)
        self._names = {pid: name for name, pid in sessions.items()}

    def waiting(self, among: Collection[SessionName]) -> Mapping[SessionName, Wait]:
        """Those of *among* that wait for others of ours, with whom they wait for."""
        found = {}
        self._youngest_s = math.inf
        rows = self._connection.execute(_WAITING, ([self._pids[name] for name in among],))
        for pid, blocking, waited_s in rows.fetchall():
            blockers = tuple(sorted({self._names[b] for b in blocking if b in self._names}))
            if blockers:
                found[self._names[pid]] = Wait(self._names[pid], blockers)
                self._youngest_s = min(self._youngest_s, float(waited_s or 0))
        self._looked_s = now_s()
        return found

    def unexamined_s(self) -> float:
        """How long until each wait told last is older than deadlock_timeout.

        The server looks for a deadlock once for each wait, then. So whoever closes a cycle later is
        its victim, and an exploration gives the same answer each time. On a server with a long
        timeout that would take too long, and either can be the victim.
        """
        if self._looked_after_s > _TOO_LONG_S:
            return 0.0
        return max(0.0, self._looked_after_s - self._youngest_s - (now_s() - self._looked_s))

    def details(self, waiter: SessionName) -> Wait | None:
        """The wait with its lock and, where the server lets it be known, its row."""
        wait = self.waiting([waiter]).get(waiter)
        if wait is None:
            return None
        return Wait(waiter, wait.blockers, self._awaited(self._pids[waiter]))

    def last_deadlock(self, detail: str) -> DeadlockReport | None:
        """Read the cycle from the DETAIL of the victim's error."""
        members = list(_MEMBER.finditer(detail))
        if not members:
            return None
        named = [self._names.get(int(m["waiter"]), f"pid {m['waiter']}") for m in members]
        lines = tuple(
            f"{name} waits for {named[(i + 1) % len(named)]}: {m['lock']}"
            for i, (name, m) in enumerate(zip(named, members, strict=True))
        )
        locks = tuple(
            AwaitedLock(name, m["lock"].partition(" on ")[0])
            for name, m in zip(named, members, strict=True)
        )
        return DeadlockReport(tuple(named), lines, locks)

    def cancel(self, session: SessionName) -> None:
        """Terminate the session's backend."""
        self._connection.execute("SELECT pg_terminate_backend(%s)", (self._pids[session],))

    def close(self) -> None:
        """Close the probe's connection."""
        self._connection.close()

    def _awaited(self, pid: int) -> str:
        cursor = self._connection.cursor(row_factory=dict_row)
        lock = cursor.execute(_AWAITED, (pid,)).fetchone()
        if lock is None:
            return ""
        if lock["locktype"] in ("transactionid", "tuple"):
            row = cursor.execute(_QUEUED_FOR, (pid,)).fetchone() or lock
            if row.get("relation"):
                return self._row(cursor, row)
            return "the end of the other transaction"
        if lock["locktype"] == "advisory":
            return f"advisory lock {lock['key']}"
        where = f" {lock['relation']}" if lock["relation"] else ""
        return f"{lock['locktype']}{where} ({lock['mode']})"

    def _row(self, cursor: psycopg.Cursor[dict[str, Any]], place: Mapping[str, Any]) -> str:
        """The row at a physical place, by its primary key."""
        relation = str(place["relation"])
        keys = [r["attname"] for r in cursor.execute(_KEY_COLUMNS, (relation,)).fetchall()]
        if not keys:
            return f"a row of {relation}"
        query = sql.SQL("SELECT {} FROM {} WHERE ctid = %s::tid").format(
            sql.SQL(", ").join(map(sql.Identifier, keys)),
            sql.Identifier(*relation.replace('"', "").split(".")),
        )
        try:
            row = cursor.execute(query, (f"({place['page']},{place['tuple']})",)).fetchone()
        except psycopg.errors.LockNotAvailable:  # somebody has, or waits for, the whole table
            row = None
        if row is None:
            return f"a row of {relation}"
        return f"row of {relation}, " + ", ".join(f"{k} = {v}" for k, v in row.items())
