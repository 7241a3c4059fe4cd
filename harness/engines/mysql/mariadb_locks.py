"""Who waits for whom on MariaDB: InnoDB's status text.

MariaDB has no `data_lock_waits`, and its `INNODB_LOCK_WAITS` is a copy which is refreshed only when
nobody has read it for 100 ms. `SHOW ENGINE INNODB STATUS` is of now and marks every waiting
transaction with its connection (MariaDB manual, "SHOW ENGINE INNODB STATUS"); with
`innodb_status_output_locks` it lists the locks as well, from which follows who blocks whom. Waits
outside InnoDB are in `performance_schema` where that is on, else in the process list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import pymysql
from sqlalchemy import URL

from harness.clock import Deadline, poll
from harness.engines.mysql.deadlock import parse_deadlock
from harness.engines.mysql.listed_locks import blockers_in, is_cut, waiting_in
from harness.engines.mysql.locks import connect
from harness.engines.mysql.metadata_locks import metadata_waits, threads_of
from harness.locks import DeadlockReport, SessionName, Wait

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
WHERE state LIKE 'Waiting for %lock%' OR state = 'User lock'
"""


class MariadbLockProbe:
    """A lock probe with a connection of its own."""

    def __init__(self, url: URL) -> None:
        self._connection = connect(url)
        self._cursor = self._connection.cursor()
        self._ids: dict[SessionName, int] = {}
        self._names: dict[int, SessionName] = {}
        self._threads: dict[int, int] = {}
        self._looks = 0
        self._cursor.execute("SELECT @@innodb_status_output_locks, @@performance_schema")
        listed, observed = self._cursor.fetchall()[0]
        self._listed_before = bool(listed)
        self._lists_locks = self._listed_before or self._have_listed("ON")
        self._observes = bool(observed)

    def watch(self, sessions: Mapping[SessionName, int]) -> None:
        """Say which connections are ours."""
        self._ids = dict(sessions)
        self._names = {number: name for name, number in sessions.items()}
        if self._observes:
            of = threads_of(self._cursor, sessions.values())
            self._threads = {thread: number for number, thread in of.items()}

    def waiting(self, among: Collection[SessionName]) -> Mapping[SessionName, Wait]:
        """Those of *among* that wait for others of ours, with whom as far as can be known.

        A server that does not list its locks says only that a session waits.
        """
        status = self._status()
        if self._lists_locks and is_cut(status):
            self._list_no_more()
            status = self._status()
        blockers = blockers_in(status) if self._lists_locks else {}
        found: dict[SessionName, Wait] = {}
        for number in waiting_in(status):
            name = self._names.get(number)
            ours = self._ours(blockers.get(number, ()))
            if name is not None and name in among and (ours or not blockers.get(number)):
                found[name] = Wait(name, ours)
        if len(found) < len(among) and self._looks_further():
            found.update((n, w) for n, w in self._other_waits().items() if n in among)
        return found

    def _list_no_more(self) -> None:
        """Have no locks listed: there are so many that the waits among them are cut off."""
        self._lists_locks = False
        self._have_listed("OFF")

    def _looks_further(self) -> bool:
        """Whether to look for waits outside InnoDB: each second time, as it costs."""
        self._looks += 1
        return self._looks % 2 == 0

    def unexamined_s(self) -> float:
        """Nothing: a deadlock is found in the moment it closes."""
        return 0.0

    def details(self, waiter: SessionName) -> Wait | None:
        """The wait with its lock, index and row; takes over 100 ms, to read no stale copy."""
        self._looks = 1
        wait = self.waiting([waiter]).get(waiter)
        if wait is None or wait.on:
            return wait
        start = Deadline.after(_STALE_S)
        for _ in poll(Deadline.after(10 * _STALE_S), "INNODB_LOCK_WAITS is stale", _STALE_S):
            if start.over():
                break
        self._cursor.execute(_AWAITED)
        rows = [row for row in self._cursor.fetchall() if row[0] == self._ids[waiter]]
        if not rows:
            return wait
        _, _, kind, mode, table, index, data = rows[0]
        table = table.replace("`", "").rpartition(".")[2]
        on = f"{kind.lower()} lock {mode} on {table}" + (f".{index}" if index else "")
        blockers = wait.blockers or self._ours(row[1] for row in rows)
        return Wait(waiter, blockers, on + (f", {data}" if data else ""))

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
        if self._lists_locks is not self._listed_before:
            self._have_listed("ON" if self._listed_before else "OFF")
        self._connection.close()

    def _have_listed(self, listed: str) -> bool:
        """Have locks listed or not, if a given server gives us the right; whether it did."""
        try:
            self._cursor.execute(f"SET GLOBAL innodb_status_output_locks = {listed}")
        except pymysql.err.MySQLError:
            return False
        return True

    def _status(self) -> str:
        self._cursor.execute("SHOW ENGINE INNODB STATUS")
        row = self._cursor.fetchone()
        return str(row[2]) if row else ""

    def _ours(self, numbers: Iterable[int]) -> tuple[SessionName, ...]:
        return tuple(sorted({self._names[number] for number in numbers if number in self._names}))

    def _other_waits(self) -> dict[SessionName, Wait]:
        """Waits for definitions, whole tables and advisory locks."""
        if not self._observes:
            return self._waits_by_state()
        found = {}
        for thread, wait in metadata_waits(self._cursor).items():
            blockers = self._ours(self._threads[t] for t in wait.blockers if t in self._threads)
            if blockers and (number := self._threads.get(thread)) is not None:
                found[self._names[number]] = Wait(self._names[number], blockers, wait.on)
        return found

    def _waits_by_state(self) -> dict[SessionName, Wait]:
        self._cursor.execute(_OTHER_LOCKS)
        return {
            self._names[number]: Wait(self._names[number], (), str(state).lower())
            for number, state in self._cursor.fetchall()
            if number in self._names
        }
