"""Killing MySQL and MariaDB on purpose, and what InnoDB's log says of its recovery.

The lines are InnoDB's notes, which both servers write to their error log (MySQL with
`log_error_verbosity=3`). InnoDB opens as soon as the redo log is applied; transactions that were
open are rolled back afterwards, by a thread of its own (manual, "InnoDB Recovery").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harness.engines.crash import Checkpoints, Crash, LoggedRecovery, NoLog, seconds_between
from harness.engines.recipe import read_query

# MySQL writes a T, microseconds and a Z; MariaDB a blank, whole seconds, and before ten o'clock an
# hour of one digit behind a second blank.
_TIME = r"^(?P<day>\d{4}-\d\d-\d\d)[T ] ?(?P<time>\d{1,2}:\d\d:\d\d(?:\.\d+)?)"
_LINE = re.compile(_TIME + r"\S*\s+\d+ \[(?:Note|System|Warning)\].*$", re.MULTILINE)

_BEGINS = ("Starting to parse redo log", "Starting crash recovery from checkpoint")
_ENDS = ("Log background threads are being started", "rollback segments in")
_OPENED = ("ready for connections. Version", "mariadbd: ready for connections")
_UNDO_BEGINS = (
    "Starting in background the rollback of uncommitted",
    "Starting in background the rollback of recovered",
)
_UNDO_ENDS = (
    "Rollback of non-prepared transactions completed",
    "Rollback of uncommitted transactions completed",
)


def read_log(log: str) -> LoggedRecovery:
    """InnoDB's own times of its last start."""
    lines = [(f"{found['day']} {found['time']:0>8}", found[0]) for found in _LINE.finditer(log)]
    begin = _first(lines, _BEGINS)
    undo_begin = _first(lines, _UNDO_BEGINS)
    undo = None if undo_begin is None else _span(lines, undo_begin, _UNDO_ENDS)
    if begin is None:
        return LoggedRecovery(undo_s=undo, resolution_s=1.0)
    replay = _span(lines, begin, _ENDS)
    end = _first([line for line in lines if line[0] >= begin], _ENDS)
    return LoggedRecovery(
        replay,
        before_s=seconds_between(lines[0][0], begin),
        after_s=None if end is None else _span(lines, end, _OPENED),
        undo_s=undo,
        resolution_s=0.000001 if "." in begin else 1.0,
    )


def _first(lines: Sequence[tuple[str, str]], words: Sequence[str]) -> str | None:
    return next((time for time, line in lines if any(word in line for word in words)), None)


def _span(lines: Sequence[tuple[str, str]], begin: str, ends: Sequence[str]) -> float | None:
    end = _first([line for line in lines if line[0] >= begin], ends)
    return None if end is None else seconds_between(begin, end)


def lock_limit(limit_s: int) -> Sequence[str]:
    """Statements by which a session waits so long for a row or a table."""
    return (
        f"SET SESSION innodb_lock_wait_timeout = {limit_s}",
        f"SET SESSION lock_wait_timeout = {limit_s}",
    )


def in_memory(created: str) -> str:
    """The same table in the engine MEMORY.

    >>> in_memory("CREATE TABLE t (id INT)ENGINE=InnoDB CHARSET=utf8mb4")
    'CREATE TABLE t (id INT)ENGINE=MEMORY CHARSET=utf8mb4'
    """
    changed, found = re.subn(r"\bENGINE=\w+", "ENGINE=MEMORY", created, count=1)
    return changed if found else f"{created.rstrip()} ENGINE=MEMORY"


_WITHOUT_LOG = NoLog("ENGINE=MEMORY", in_memory, "memory")
# By default MySQL numbers its transactions, and refuses those that change tables of both kinds
# (errno 1785).
_WITHOUT_NUMBERS = NoLog(
    "ENGINE=MEMORY",
    in_memory,
    "memory",
    {"gtid_mode": "OFF", "enforce_gtid_consistency": "OFF"},
)
_CONTROLS = {"innodb_flush_log_at_trx_commit=0": {"innodb_flush_log_at_trx_commit": "0"}}

# The page cleaner writes changed pages, and the checkpoint follows the oldest page that is not
# written: by age of the log, by share of changed pages, and when the server is idle.
_FEW_WRITES = {
    "innodb_buffer_pool_size": "1G",
    "innodb_max_dirty_pages_pct": "99",
    "innodb_max_dirty_pages_pct_lwm": "0",
    "innodb_adaptive_flushing": "OFF",
    "innodb_adaptive_flushing_lwm": "70",
}
_FEW_WRITES_MEANS = (
    "room for changed pages and log, adaptive flushing off; one is taken all the same when changed "
    "pages fill the buffer pool, near the end of the log, and at a shutdown"
)
_TO_UNDO = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = 0"


def _mysql_every(limit_bytes: int) -> Mapping[str, str]:
    """The redo log has at least 8 MB."""
    return {"innodb_redo_log_capacity": str(max(limit_bytes, 8 * 2**20))}


def _mariadb_every(limit_bytes: int) -> Mapping[str, str]:
    """The redo log has at least 4 MB."""
    return {"innodb_log_file_size": str(max(limit_bytes, 4 * 2**20))}


# MySQL's release builds do not know MariaDB's `innodb_log_checkpoint_now`.
MYSQL_CRASH = Crash(
    settings={"log_error_verbosity": "3"},
    controls=_CONTROLS,
    log_since_checkpoint=(
        "SELECT MAX(CASE variable_name WHEN 'Innodb_redo_log_current_lsn'"
        " THEN CAST(variable_value AS UNSIGNED) END)"
        " - MAX(CASE variable_name WHEN 'Innodb_redo_log_checkpoint_lsn'"
        " THEN CAST(variable_value AS UNSIGNED) END) FROM performance_schema.global_status"
        " WHERE variable_name IN"
        " ('Innodb_redo_log_current_lsn', 'Innodb_redo_log_checkpoint_lsn')"
    ),
    read_log=read_log,
    without_log=_WITHOUT_NUMBERS,
    checkpoint=(
        "DROP PROCEDURE IF EXISTS harness_checkpoint",
        read_query(__file__, "checkpoint"),
        "CALL harness_checkpoint()",
        "DROP PROCEDURE harness_checkpoint",
    ),
    lock_table="LOCK TABLES {} WRITE",
    unlock="UNLOCK TABLES",
    lock_limit=lock_limit,
    checkpoints=Checkpoints(
        away={**_FEW_WRITES, "innodb_redo_log_capacity": "4G", "innodb_idle_flush_pct": "0"},
        away_means=_FEW_WRITES_MEANS,
        every=_mysql_every,
        every_means="innodb_redo_log_capacity: changed pages are written before the log is full",
    ),
    to_undo=_TO_UNDO,
)

MARIADB_CRASH = Crash(
    settings={"log_warnings": "2"},
    controls=_CONTROLS,
    log_since_checkpoint=(
        "SELECT CAST(variable_value AS UNSIGNED) FROM information_schema.global_status"
        " WHERE variable_name = 'INNODB_CHECKPOINT_AGE'"
    ),
    read_log=read_log,
    without_log=_WITHOUT_LOG,
    checkpoint=("SET GLOBAL innodb_log_checkpoint_now = ON",),
    lock_table="LOCK TABLES {} WRITE",
    unlock="UNLOCK TABLES",
    lock_limit=lock_limit,
    checkpoints=Checkpoints(
        away={**_FEW_WRITES, "innodb_log_file_size": "4G"},
        away_means=_FEW_WRITES_MEANS,
        every=_mariadb_every,
        every_means="innodb_log_file_size: changed pages are written before the log is full",
    ),
    to_undo=_TO_UNDO,
)
