"""The figures of a PostgreSQL server: its statistics views and control data.

Manual: "The Cumulative Statistics System", "Control Data Functions", "System Administration
Functions". What backends count reaches the views at most once a second, at the end of a
transaction.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import URL

from harness.engines.monitoring import Monitoring, Reading, SeenWait
from harness.engines.postgresql.locks import connect
from harness.engines.postgresql.server_log import deadlocks_in, read_log

_NOT_COUNTED = "waits for row locks are not counted before they are over; see the waits seen"
_NEVER = {
    "binary_log_bytes": "there is one log, the write-ahead log",
    "row_lock_waits": _NOT_COUNTED,
    "row_lock_wait_s": _NOT_COUNTED,
}

_ACTIVITY = """
SELECT count(*) AS connections,
       count(*) FILTER (WHERE state = 'active') AS running,
       count(*) FILTER (WHERE wait_event_type = 'Lock') AS lock_waits,
       coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)
         AS longest_transaction_s
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

# A standby writes no log of its own: what it has replayed is its place in it.
_LOG = """
SELECT place - '0/0' AS log_bytes, place - redo_lsn AS checkpoint_age_bytes,
       redo_lsn - '0/0' AS checkpointed_bytes
FROM pg_control_checkpoint(),
     LATERAL (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                          ELSE pg_current_wal_insert_lsn() END AS place) AS now
"""

_CHECKPOINTS = (
    (180000, "SELECT num_done AS checkpoints FROM pg_stat_checkpointer"),
    (170000, "SELECT num_timed + num_requested AS checkpoints FROM pg_stat_checkpointer"),
    (0, "SELECT checkpoints_timed + checkpoints_req AS checkpoints FROM pg_stat_bgwriter"),
)

_COUNTERS = """
SELECT sum(blks_hit) + sum(blks_read) AS buffer_requests, sum(blks_read) AS buffer_reads,
       sum(deadlocks) AS deadlocks
FROM pg_stat_database
"""

_DATA = "SELECT sum(pg_database_size(oid)) AS disk_bytes FROM pg_database WHERE datallowconn"
_LOG_FILES = "SELECT sum(size) AS log_disk_bytes FROM pg_ls_waldir()"

_MAY_SEE = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER') AS may_see"
_MAY_NOT = "the user may not see the sessions of others: grant it pg_monitor"

# The row's table is told by the tuple lock that a waiter keeps (see locks.py), by the lock itself,
# or follows if the waiter has its lock for writing on one table only.
_WAITS = """
WITH waiting AS MATERIALIZED (
  SELECT l.pid, l.locktype, l.mode, l.relation, l.database, l.waitstart FROM pg_locks l
  WHERE NOT l.granted AND l.pid <> pg_backend_pid()
)
SELECT w.pid, w.locktype, w.mode, w.waitstart::text AS began,
       extract(epoch FROM clock_timestamp() - w.waitstart) AS waited_s,
       pg_blocking_pids(w.pid) || pg_safe_snapshot_blocking_pids(w.pid) AS blockers,
       coalesce(
         (SELECT c.relname FROM pg_class c WHERE c.oid = w.relation AND w.database = me.oid),
         (SELECT min(c.relname) FROM pg_locks t JOIN pg_class c ON c.oid = t.relation
          WHERE t.pid = w.pid AND t.locktype = 'tuple' AND t.database = me.oid),
         (SELECT CASE WHEN count(DISTINCT c.oid) = 1 THEN min(c.relname) END
          FROM pg_locks t JOIN pg_class c ON c.oid = t.relation
          WHERE t.pid = w.pid AND t.locktype = 'relation' AND t.mode = 'RowExclusiveLock'
            AND c.relkind IN ('r', 'p') AND t.database = me.oid)) AS table
FROM waiting w, (SELECT oid FROM pg_database WHERE datname = current_database()) AS me
"""

_PROGRAMS = """
SELECT pid, application_name FROM pg_stat_activity
WHERE pid = ANY (%s) AND application_name <> ''
"""


class PostgresqlFigures:
    """A probe with a connection of its own."""

    def __init__(self, url: URL) -> None:
        self._connection = connect(
            url, connect_timeout=3, application_name="harness monitor", row_factory=dict_row
        )
        version = self._connection.info.server_version
        self._checkpoints = next(query for since, query in _CHECKPOINTS if version >= since)
        self._missing = dict(_NEVER)

    def read(self, *, slowly: bool) -> Reading:
        """All figures; those of the disk only `slowly`."""
        self._missing = dict(_NEVER)
        values: dict[str, float] = {}
        for names, query in (
            (("log_bytes", "checkpoint_age_bytes", "checkpointed_bytes"), _LOG),
            (("checkpoints",), self._checkpoints),
            (("buffer_requests", "buffer_reads", "deadlocks"), _COUNTERS),
            *(((("disk_bytes",), _DATA), (("log_disk_bytes",), _LOG_FILES)) if slowly else ()),
        ):
            values |= self._asked(names, query)
        values |= self._activity()
        waits = self._waits() if values.get("lock_waits", 1) else []
        met = {number for wait in waits for number in (wait.waiter, *wait.blockers)}
        return Reading(values, self._missing, waits, (), self._programs(met))

    def interrupt(self) -> None:
        """End the connection's stream: the driver waits without limit for a silent server.

        Only the socket is touched, as libpq is busy with it on another thread.
        """
        if not self._connection.closed:
            with (
                suppress(OSError),  # it has ended by itself
                socket.socket(fileno=os.dup(self._connection.fileno())) as stream,
            ):
                stream.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _activity(self) -> dict[str, float]:
        names = ("connections", "running", "lock_waits", "longest_transaction_s")
        values = self._asked(names, _ACTIVITY)
        row = self._connection.execute(_MAY_SEE).fetchone()
        if row is None or not row["may_see"]:
            for name in names[1:]:
                values.pop(name, None)
                self._missing[name] = _MAY_NOT
        return values

    def _asked(self, names: Sequence[str], query: str) -> dict[str, float]:
        """One query's row. What the server refuses is missing, and the reading goes on."""
        try:
            row = self._connection.execute(query.encode()).fetchone() or {}
        except psycopg.Error as error:
            if self._connection.closed or error.sqlstate is None:
                raise
            said = (error.diag.message_primary or error.sqlstate).splitlines()[0]
            self._missing |= dict.fromkeys(names, f"the server refused: {said}")
            return {}
        return {name: float(row[name]) for name in names if row.get(name) is not None}

    def _waits(self) -> list[SeenWait]:
        return [
            SeenWait(
                f"{row['pid']} since {row['began']}",
                row["pid"],
                tuple(sorted(set(row["blockers"]) - {row["pid"]})),
                row["table"],
                f"{row['locktype']} lock, {row['mode']}",
                None if row["waited_s"] is None else max(0.0, float(row["waited_s"])),
            )
            for row in self._connection.execute(_WAITS).fetchall()
        ]

    def _programs(self, pids: set[int]) -> Mapping[int, str]:
        if not pids:
            return {}
        rows = self._connection.execute(_PROGRAMS, (list(pids),)).fetchall()
        return {row["pid"]: row["application_name"] for row in rows}


POSTGRESQL_MONITORING = Monitoring(
    probe=PostgresqlFigures,
    read_log=read_log,
    deadlocks_in=deadlocks_in,
    all_deadlocks={},
    naming=lambda program: {"application_name": program},
    naming_sentence="a connection's application_name is shown, and can be changed at any time",
)
