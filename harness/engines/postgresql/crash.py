"""Killing PostgreSQL on purpose, and what its log says of its recovery.

The lines are those of `StartupXLOG`; each begins with the time (`log_line_prefix`, whose default
has milliseconds). Transactions that were open need no undo: their rows are simply not visible.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.engines.crash import Crash, LoggedRecovery, NoLog, seconds_between

_LINE = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) \S+ .*?LOG:\s+(?P<said>.*)$", re.MULTILINE
)
_BEGINS = "database system was not properly shut down"
_ENDS = "database system is ready to accept connections"
_REDO = ("redo starts at", "redo done at", "redo is not required")


def read_log(log: str) -> LoggedRecovery:
    """The server's own times of its last start: from the begin of recovery to the end of redo."""
    begin = end = None
    for found in _LINE.finditer(log):
        if found["said"].startswith(_BEGINS):
            begin, end = found["time"], None
        elif found["said"].startswith(_REDO[1:]):
            end = found["time"]
    if begin is None or end is None:
        return LoggedRecovery()
    return LoggedRecovery(seconds_between(begin, end))


def unlogged(created: str) -> str:
    """The same table without log.

    >>> unlogged("CREATE TABLE t (id INT)")
    'CREATE UNLOGGED TABLE t (id INT)'
    """
    return re.sub(r"\bCREATE TABLE\b", "CREATE UNLOGGED TABLE", created, count=1)


def lock_limit(limit_s: int) -> Sequence[str]:
    """Statements by which a session waits so long for a row or a table."""
    return (f"SET lock_timeout = '{limit_s}s'",)


POSTGRESQL_CRASH = Crash(
    settings={"log_checkpoints": "on"},
    controls={"synchronous_commit=off": {"synchronous_commit": "off"}},
    log_since_checkpoint=(
        "SELECT (pg_current_wal_insert_lsn() - redo_lsn)::bigint FROM pg_control_checkpoint()"
    ),
    read_log=read_log,
    without_log=NoLog("UNLOGGED", unlogged, "unlogged"),
    checkpoint=("CHECKPOINT",),
    lock_table="LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
    unlock="COMMIT",
    lock_limit=lock_limit,
)
