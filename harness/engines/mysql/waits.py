"""All lock waits of a server at one moment, whoever waits: for the monitor.

A lock probe answers for sessions that it knows and is asked in a loop; this is asked now and then
and answers for everybody. MySQL: `performance_schema.data_lock_waits`. MariaDB: the tables of
`information_schema`, a copy of one moment that is fresh if nobody has read it for 100 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import pymysql

from harness.engines.monitoring import SeenWait
from harness.engines.mysql.metadata_locks import metadata_waits

_MYSQL_WAITS = """
SELECT w.requesting_engine_transaction_id, w.requesting_thread_id,
       w.blocking_engine_transaction_id, w.blocking_thread_id, r.engine_lock_id,
       r.object_name, r.lock_type, r.lock_mode, r.index_name
FROM performance_schema.data_lock_waits w
JOIN performance_schema.data_locks r ON r.engine_lock_id = w.requesting_engine_lock_id
"""

# The thread of a wait may be another one's (see locks.py); a transaction's table locks are its own.
_OWNERS = """
SELECT engine_transaction_id, thread_id FROM performance_schema.data_locks
WHERE lock_type = 'TABLE' AND engine_transaction_id IN %s
"""

_CONNECTIONS = """
SELECT thread_id, processlist_id FROM performance_schema.threads WHERE thread_id IN %s
"""

_MARIADB_WAITS = """
SELECT r.trx_id, r.trx_mysql_thread_id, b.trx_mysql_thread_id, l.lock_id,
       l.lock_table, l.lock_type, l.lock_mode, l.lock_index
FROM information_schema.innodb_lock_waits w
JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id
JOIN information_schema.innodb_locks l ON l.lock_id = w.requested_lock_id
"""

_OBSERVES = "SELECT @@performance_schema"

_BY_STATE = """
SELECT id, state, time_ms / 1000 FROM information_schema.processlist
WHERE state LIKE 'Waiting for %lock%' OR state = 'User lock'
"""


class Cursor(Protocol):
    """As much of a driver's cursor as is needed here."""

    def execute(self, query: str, args: Any = None) -> Any:
        """Have a query run."""

    def fetchall(self) -> Any:
        """Its rows."""


def mysql_waits(cursor: Cursor) -> Sequence[SeenWait]:
    """Every wait on a MySQL server, for rows, tables and definitions."""
    cursor.execute(_MYSQL_WAITS)
    rows = cursor.fetchall()
    owners: dict[Any, int] = {}
    if rows:
        cursor.execute(_OWNERS, (tuple({x for row in rows for x in (row[0], row[2])}),))
        owners.update(cursor.fetchall())
    found: dict[str, tuple[int, set[int], str | None, str]] = {}
    for waiting, thread, blocking, other, lock, table, kind, mode, index in rows:
        waiter, key = owners.get(waiting, thread), f"{waiting} {lock}"
        on = _readable(kind, mode, index)
        found.setdefault(key, (waiter, set(), table, on))[1].add(owners.get(blocking, other))
    return _with_connections(cursor, found)


def mariadb_waits(cursor: Cursor) -> Sequence[SeenWait]:
    """Every wait on a MariaDB server; outside InnoDB with the blocker only if it is observed."""
    cursor.execute(_MARIADB_WAITS)
    found: dict[str, SeenWait] = {}
    for transaction, waiter, blocker, lock, table, kind, mode, index in cursor.fetchall():
        key = f"{transaction} {lock}"
        before = found[key].blockers if key in found else ()
        name = str(table).replace("`", "").rpartition(".")[2]
        blockers = tuple(sorted({*before, int(blocker)}))
        on = _readable(kind, mode, index)
        found[key] = SeenWait(key, int(waiter), blockers, name, on)
    cursor.execute(_OBSERVES)
    if int(cursor.fetchall()[0][0]):
        return [*found.values(), *_with_connections(cursor, {})]
    return [*found.values(), *_by_state(cursor)]


def _with_connections(
    cursor: Cursor, rows: Mapping[str, tuple[int, set[int], str | None, str]]
) -> Sequence[SeenWait]:
    """Waits by the server's threads, with those for definitions, by connection instead."""
    found = dict(rows)
    for thread, wait in metadata_waits(cursor).items():
        found[f"{thread} {wait.on}"] = (thread, set(wait.blockers), wait.table, wait.on)
    threads = {t for waiter, blockers, *_ in found.values() for t in (waiter, *blockers)}
    if not threads:
        return []
    cursor.execute(_CONNECTIONS, (tuple(threads),))
    connection = {int(t): int(number) for t, number in cursor.fetchall() if number is not None}
    return [
        SeenWait(key, connection[waiter], _known(connection, blockers - {waiter}), table, on)
        for key, (waiter, blockers, table, on) in found.items()
        if waiter in connection
    ]


def _known(connection: Mapping[int, int], threads: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(connection[thread] for thread in threads if thread in connection))


def _by_state(cursor: Cursor) -> Sequence[SeenWait]:
    """Waits for definitions where nothing but a connection's state tells of them."""
    try:
        cursor.execute(_BY_STATE)
    except pymysql.err.OperationalError as error:
        if error.args[0] != 1227:  # the user may not see others
            raise
        return []
    return [
        SeenWait(f"{number} {state}", int(number), (), None, str(state).lower(), float(waited))
        for number, state, waited in cursor.fetchall()
    ]


def _readable(kind: str, mode: str, index: str | None) -> str:
    """The lock in words, without its row: waits for different rows are of one kind.

    >>> _readable("RECORD", "X,REC_NOT_GAP", "PRIMARY")
    'record lock X,REC_NOT_GAP, PRIMARY'
    """
    return f"{kind.lower()} lock {mode}" + (f", {index}" if index else "")
