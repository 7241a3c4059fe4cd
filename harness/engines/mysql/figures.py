"""The figures of a MySQL or MariaDB server: status variables, InnoDB's tables of transactions.

Manual: "Server Status Variables", "The INFORMATION_SCHEMA INNODB_TRX Table". INNODB_TRX is a copy
that is fresh only if nobody has read it for 100 ms, so a probe must not be asked more often. Both
servers tell the beginning of a transaction in whole seconds.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pymysql
from sqlalchemy import URL

from harness.engines.monitoring import Monitoring, Reading, SeenDeadlock, SeenWait
from harness.engines.mysql.deadlock import seen_deadlock
from harness.engines.mysql.locks import connect
from harness.engines.mysql.server_log import deadlocks_in, read_log
from harness.engines.mysql.waits import Cursor, mariadb_waits, mysql_waits

_BUFFERS = {
    "buffer_requests": "Innodb_buffer_pool_read_requests",
    "buffer_reads": "Innodb_buffer_pool_reads",
    "row_lock_waits": "Innodb_row_lock_waits",
}
# Figures that have a value only if somebody has them counted.
_NOT_COUNTED = {
    "checkpoints": "InnoDB takes them in small steps all the time, and counts them only with "
    "innodb_monitor_enable = log_checkpoints; see the log passed by checkpoints",
    "deadlocks": "InnoDB counts them only with innodb_monitor_enable = lock_deadlocks",
}
_ACTIVITY = "SELECT variable_name, variable_value FROM {} WHERE variable_name IN %s"

# Since when each runs, in whole seconds; a transaction of the server itself has thread 0.
_TRANSACTIONS = """
SELECT coalesce(max(TIMESTAMPDIFF(SECOND, trx_started, NOW())), 0)
FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id NOT IN (0, CONNECTION_ID())
"""

_PROGRAMS = """
SELECT processlist_id, attr_value FROM performance_schema.session_connect_attrs
WHERE attr_name = 'program_name' AND processlist_id IN %s
"""


def _is_number(value: str | None) -> bool:
    """Whether a status variable has a value: some are empty while their subject is off."""
    return bool(value) and str(value).replace(".", "", 1).isdigit()


@dataclass(frozen=True)
class Ways:
    """Where one of the two servers shows what."""

    status: str
    """The table of status variables."""
    variables: Mapping[str, str]
    """Figures that are status variables."""
    place: str
    """The status variable with the place in the log up to which was written."""
    checkpoint: str
    """The one with the place up to which a checkpoint has passed."""
    running: str
    """A query for the statements under way. Threads_running counts the server's daemons too."""
    metrics: Mapping[str, str]
    """Figures that are in InnoDB's own table of metrics."""
    disk: str
    log_disk: str
    binary_log: Callable[[BinaryLog, Cursor], float]
    waits: Callable[[Cursor], Sequence[SeenWait]]
    unobserved: Mapping[str, str]
    """What it does not tell where performance_schema is off."""


class BinaryLog:
    """How many bytes the files of the binary log grew by, over files that were removed."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def read(self, cursor: Cursor) -> float:
        """Bytes since an arbitrary beginning."""
        cursor.execute("SHOW BINARY LOGS")
        sizes = {str(row[0]): int(row[1]) for row in cursor.fetchall()}
        self._bytes += sum(size - self._sizes.get(name, 0) for name, size in sizes.items())
        self._sizes = sizes
        return float(self._bytes)


def _counted_binary_log(_files: BinaryLog, cursor: Cursor) -> float:
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Binlog_bytes_written'")
    return float(cursor.fetchall()[0][1])


class MysqlFigures:
    """A probe with a connection of its own."""

    def __init__(self, url: URL, ways: Ways) -> None:
        self._ways = ways
        self._connection = connect(url)
        self._cursor = self._connection.cursor()
        self._missing: dict[str, str] = {}
        self._binary = BinaryLog()
        self._deadlock = ""
        self._deadlocks: float | None = None
        self._named: dict[int, str] = {}
        self._cursor.execute("SELECT @@performance_schema, @@log_bin")
        self._observes, self._logs = (bool(int(x)) for x in self._cursor.fetchall()[0])

    def read(self, *, slowly: bool) -> Reading:
        """All figures; those of the disk only `slowly`."""
        self._missing = {**_NOT_COUNTED, **({} if self._observes else self._ways.unobserved)}
        values = self._status()
        self._one(values, "longest_transaction_s", _TRANSACTIONS)
        if refused := self._missing.get("longest_transaction_s"):
            self._missing["running"] = refused  # else the connections of others would be left out
        elif "running" not in self._missing:
            self._one(values, "running", self._ways.running)
        for name, query in self._ways.metrics.items():
            self._one(values, name, query)
        if self._logs:
            self._asked("binary_log_bytes", self._binary_log, values)
        else:
            self._missing["binary_log_bytes"] = "the binary log is off"
        if slowly:
            self._one(values, "disk_bytes", self._ways.disk)
            self._one(values, "log_disk_bytes", self._ways.log_disk)
        waits = [] if "lock_waits" in self._missing else self._waits(values)
        deadlocks = self._new_deadlocks(values.get("deadlocks"))
        met = {number for wait in waits for number in (wait.waiter, *wait.blockers)}
        met |= {member.connection for found in deadlocks for member in found.members}
        return Reading(values, self._missing, waits, deadlocks, self._programs(met))

    def interrupt(self) -> None:
        """End the connection's stream: the driver waits 10 s for an answer."""
        stream: socket.socket | None = vars(self._connection).get("_sock")
        if stream is not None:
            with suppress(OSError):  # it has ended by itself
                stream.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _status(self) -> dict[str, float]:
        ways = self._ways
        asked = {**_BUFFERS, **ways.variables}
        others = ("Threads_connected", "Innodb_row_lock_time")
        names = (*asked.values(), *others, ways.place, ways.checkpoint)
        self._cursor.execute(_ACTIVITY.format(ways.status), (names,))
        said = {str(n).lower(): float(v) for n, v in self._cursor.fetchall() if _is_number(v)}
        values = {figure: said[n.lower()] for figure, n in asked.items() if n.lower() in said}
        for figure in values:
            self._missing.pop(figure, None)
        # This connection is in the number.
        values["connections"] = said["threads_connected"] - 1
        values["row_lock_wait_s"] = said["innodb_row_lock_time"] / 1000
        place, passed = said.get(ways.place.lower()), said.get(ways.checkpoint.lower())
        if place is not None and passed is not None:
            values |= {
                "log_bytes": place,
                "checkpointed_bytes": passed,
                "checkpoint_age_bytes": place - passed,
            }
        else:
            names = ("log_bytes", "checkpointed_bytes", "checkpoint_age_bytes")
            self._missing |= dict.fromkeys(names, "the server tells no place in its redo log")
        return values

    def _one(self, values: dict[str, float], name: str, query: str) -> None:
        """One figure by a query of its own."""
        self._asked(name, lambda: self._first(query), values)

    def _first(self, query: str) -> float | None:
        self._cursor.execute(query)
        rows = self._cursor.fetchall()
        return None if not rows or rows[0][0] is None else float(rows[0][0])

    def _asked(self, name: str, read: Callable[[], float | None], values: dict[str, float]) -> None:
        """What the server refuses is missing, and the reading goes on."""
        try:
            value = read()
        except (pymysql.err.OperationalError, pymysql.err.ProgrammingError) as error:
            self._refused(error, name)
        else:
            if value is None:
                self._missing.setdefault(name, "the server tells nothing of it")
            else:
                values[name] = value
                self._missing.pop(name, None)

    def _refused(self, error: pymysql.err.MySQLError, *names: str) -> None:
        """Say that figures are missing; a lost connection is no refusal."""
        number = error.args[0] if error.args else 0
        if not isinstance(number, int) or number < 1000 or 2000 <= number < 3000:
            raise error
        self._missing |= dict.fromkeys(names, f"the server refused: {error.args[-1]}")

    def _binary_log(self) -> float:
        return self._ways.binary_log(self._binary, self._cursor)

    def _waits(self, values: dict[str, float]) -> Sequence[SeenWait]:
        try:
            waits = self._ways.waits(self._cursor)
        except (pymysql.err.OperationalError, pymysql.err.ProgrammingError) as error:
            self._refused(error, "lock_waits")
            return []
        values["lock_waits"] = float(len({wait.waiter for wait in waits}))
        return waits

    def _new_deadlocks(self, counted: float | None) -> Sequence[SeenDeadlock]:
        """The newest deadlock in the status text, if the counter says that there is a new one."""
        before, self._deadlocks = self._deadlocks, counted
        if counted is None or counted == before:
            return []
        self._cursor.execute("SHOW ENGINE INNODB STATUS")
        rows: Sequence[tuple[Any, ...]] = self._cursor.fetchall()
        found = seen_deadlock(str(rows[0][2])) if rows else None
        seen, self._deadlock = self._deadlock, found.key if found else ""
        return [found] if found and found.key != seen and before is not None else []

    def _programs(self, numbers: set[int]) -> Mapping[int, str]:
        if not self._observes:
            return {}
        if unknown := tuple(numbers - self._named.keys()):
            self._cursor.execute(_PROGRAMS, (unknown,))
            self._named |= {number: str(name) for number, name in self._cursor.fetchall()}
        return {number: self._named[number] for number in numbers & self._named.keys()}


_STATUS_MYSQL = Ways(
    status="performance_schema.global_status",
    variables={},
    place="Innodb_redo_log_current_lsn",
    checkpoint="Innodb_redo_log_checkpoint_lsn",
    running="SELECT count(*) FROM performance_schema.threads "
    "WHERE processlist_command IN ('Query', 'Execute') AND processlist_id <> CONNECTION_ID()",
    metrics={
        "deadlocks": "SELECT count FROM information_schema.innodb_metrics "
        "WHERE name = 'lock_deadlocks' AND status = 'enabled'",
        "checkpoints": "SELECT count FROM information_schema.innodb_metrics "
        "WHERE name = 'log_checkpoints' AND status = 'enabled'",
    },
    disk="SELECT sum(file_size) FROM information_schema.innodb_tablespaces",
    log_disk="SELECT sum(size_in_bytes) FROM performance_schema.innodb_redo_log_files",
    binary_log=BinaryLog.read,
    waits=mysql_waits,
    unobserved=dict.fromkeys(("lock_waits", "running"), "performance_schema is off"),
)

_STATUS_MARIADB = Ways(
    status="information_schema.global_status",
    variables={"deadlocks": "Innodb_deadlocks"},
    place="Innodb_lsn_current",
    checkpoint="Innodb_lsn_last_checkpoint",
    running="SELECT count(*) FROM information_schema.processlist "
    "WHERE command IN ('Query', 'Execute') AND id <> CONNECTION_ID()",
    metrics={
        "checkpoints": "SELECT count FROM information_schema.innodb_metrics "
        "WHERE name = 'log_checkpoints' AND enabled",
    },
    disk="SELECT sum(file_size) FROM information_schema.innodb_sys_tablespaces",
    log_disk="SELECT @@innodb_log_file_size",
    binary_log=_counted_binary_log,
    waits=mariadb_waits,
    unobserved={},
)

MYSQL_MONITORING = Monitoring(
    probe=lambda url: MysqlFigures(url, _STATUS_MYSQL),
    read_log=read_log,
    deadlocks_in=deadlocks_in,
    # It prints them as notes, which are not logged otherwise.
    all_deadlocks={"innodb_print_all_deadlocks": "ON", "log_error_verbosity": "3"},
    naming=lambda program: {"program_name": program},
    naming_sentence="a connection's attribute program_name is shown where performance_schema is on",
)
MARIADB_MONITORING = Monitoring(
    probe=lambda url: MysqlFigures(url, _STATUS_MARIADB),
    read_log=read_log,
    deadlocks_in=deadlocks_in,
    all_deadlocks={"innodb_print_all_deadlocks": "ON"},
    naming=MYSQL_MONITORING.naming,
    naming_sentence=MYSQL_MONITORING.naming_sentence + ", which is not its default",
)
