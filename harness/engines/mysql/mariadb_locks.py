"""Who waits for whom on MariaDB: InnoDB's status text.

MariaDB has no `data_lock_waits`, and its `INNODB_LOCK_WAITS` is a copy which is refreshed only when
nobody has read it for 100 ms. `SHOW ENGINE INNODB STATUS` is of now and marks every waiting
transaction with its connection (MariaDB manual, "SHOW ENGINE INNODB STATUS"). Metadata and table
locks are outside InnoDB: the process list names those waits.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import URL

from harness.clock import Deadline, poll
from harness.engines.mysql.deadlock import parse_deadlock
from harness.engines.mysql.locks import connect
from harness.locks import DeadlockReport, SessionName, Wait

_TRANSACTION = re.compile(r"^---TRANSACTION ", re.MULTILINE)
_THREAD = re.compile(r"MariaDB thread id (\d+)")
_STALE_S = 0.11
"""A little more than the 100 ms for which INNODB_LOCK_WAITS keeps its copy after a read."""

_AWAITED = """
SELECT r.trx_mysql_thread_id, b.trx_mysql_thread_id, l.lock_type, l.lock_mode, l.lock_table,
       l.lock_index, l.lock_data
FROM information_schema.innodb_lock_waits w
JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id
JOIN information_schema.innodb_locks l ON l.lock_id = w.requested_lock_id
"""

_OTHER_LOCKS = """
SELECT id, state FROM information_schema.processlist
WHERE state LIKE 'Waiting for%%lock%%' OR state = 'User lock'
"""


class MariadbLockProbe:
    """A lock probe with a connection of its own."""

    def __init__(self, url: URL) -> None:
        self._connection = connect(url)
        self._cursor = self._connection.cursor()
        self._ids: dict[SessionName, int] = {}
        self._names: dict[int, SessionName] = {}
        self._asked_in_vain = 0

    def watch(self, sessions: Mapping[SessionName, int]) -> None:
        """Say which connections are ours."""
        self._ids = dict(sessions)
        self._names = {number: name for name, number in sessions.items()}

    def waiting(self, among: Collection[SessionName]) -> Mapping[SessionName, Wait]:
        """Those of *among* that wait. For whom, `details` tells."""
        numbers = set(_waiting_in(self._status()))
        if not numbers & {self._ids[name] for name in among}:
            numbers |= self._other_waits()
        return {name: Wait(name, ()) for name in among if self._ids[name] in numbers}

    def details(self, waiter: SessionName) -> Wait | None:
        """The wait with its lock, index and row; takes over 100 ms, to read no stale copy."""
        start = Deadline.after(_STALE_S)
        for _ in poll(Deadline.after(10 * _STALE_S), "INNODB_LOCK_WAITS is stale", _STALE_S):
            if start.over():
                break
        self._cursor.execute(_AWAITED)
        rows = [row for row in self._cursor.fetchall() if row[0] == self._ids[waiter]]
        if not rows:
            state = dict(self._states()).get(self._ids[waiter])
            return Wait(waiter, (), state.lower()) if state else None
        blockers = {self._names[row[1]] for row in rows if row[1] in self._names}
        _, _, kind, mode, table, index, data = rows[0]
        table = table.replace("`", "").rpartition(".")[2]
        on = f"{kind.lower()} lock {mode} on {table}" + (f".{index}" if index else "")
        return Wait(waiter, tuple(sorted(blockers)), on + (f", {data}" if data else ""))

    def last_deadlock(self, detail: str) -> DeadlockReport | None:
        """Read the newest deadlock from InnoDB's status text."""
        return parse_deadlock(self._status(), self._names)

    def cancel(self, session: SessionName) -> None:
        """Kill the session's connection, if it is still there."""
        self._cursor.execute("SHOW PROCESSLIST")
        if self._ids[session] in {row[0] for row in self._cursor.fetchall()}:
            self._cursor.execute("KILL %s", (self._ids[session],))

    def close(self) -> None:
        """Close the probe's connection."""
        self._connection.close()

    def _status(self) -> str:
        self._cursor.execute("SHOW ENGINE INNODB STATUS")
        row = self._cursor.fetchone()
        return str(row[2]) if row else ""

    def _other_waits(self) -> set[int]:
        """Connections that wait outside InnoDB; asked each fourth time, as it costs."""
        self._asked_in_vain += 1
        if self._asked_in_vain % 4:
            return set()
        return {number for number, _ in self._states()}

    def _states(self) -> list[tuple[int, str]]:
        self._cursor.execute(_OTHER_LOCKS)
        return [(int(number), str(state)) for number, state in self._cursor.fetchall()]


def _waiting_in(status: str) -> Iterator[int]:
    r"""Connection ids of the transactions marked LOCK WAIT.

    >>> list(_waiting_in("---TRANSACTION 4\nLOCK WAIT 2 lock struct(s)\nMariaDB thread id 7, OS"))
    [7]
    """
    for text in _TRANSACTION.split(status)[1:]:
        if "\nLOCK WAIT" in text and (thread := _THREAD.search(text)):
            yield int(thread[1])
