"""Killing PostgreSQL on purpose, and what its log says of its recovery.

The lines are those of `StartupXLOG`; each begins with the time (`log_line_prefix`, whose default
has milliseconds). Transactions that were open need no undo: their rows are simply not visible.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from harness.engines.crash import Checkpoints, Crash, LoggedRecovery, NoLog, seconds_between

_LINE = re.compile(
    r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) \S+ .*?LOG:\s+(?P<said>.*)$", re.MULTILINE
)
_BEGINS = "database system was not properly shut down"
_ENDS = "database system is ready to accept connections"
_REDO = ("redo starts at", "redo done at", "redo is not required")


def read_log(log: str) -> LoggedRecovery:
    """The server's own times of its last start: replay is from the begin of recovery to redo's end.

    What follows is mostly the checkpoint at the end of recovery, which writes all changed pages.
    """
    first = begin = end = opened = None
    for found in _LINE.finditer(log):
        first = first or found["time"]
        if found["said"].startswith(_BEGINS):
            begin, end, opened = found["time"], None, None
        elif found["said"].startswith(_REDO[1:]):
            end = found["time"]
        elif found["said"].startswith(_ENDS):
            opened = found["time"]
    if first is None or begin is None or end is None:
        return LoggedRecovery()
    return LoggedRecovery(
        seconds_between(begin, end),
        before_s=seconds_between(first, begin),
        after_s=None if opened is None else seconds_between(end, opened),
    )


def unlogged(created: str) -> str:
    """The same table without log.

    >>> unlogged("CREATE TABLE t (id INT)")
    'CREATE UNLOGGED TABLE t (id INT)'
    """
    return re.sub(r"\bCREATE TABLE\b", "CREATE UNLOGGED TABLE", created, count=1)


def lock_limit(limit_s: int) -> Sequence[str]:
    """Statements by which a session waits so long for a row or a table."""
    return (f"SET lock_timeout = '{limit_s}s'",)


def _every(limit_bytes: int) -> Mapping[str, str]:
    """A checkpoint begins when max_wal_size / (1 + checkpoint_completion_target) is written.

    Source: `CalculateCheckpointSegments`; counted in whole segments of 16 MB, at least one.
    """
    megabytes = max(32, round(limit_bytes * 1.9 / 2**20))
    return {
        "checkpoint_timeout": "1d",
        "min_wal_size": "32MB",
        "max_wal_size": f"{megabytes}MB",
    }


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
    checkpoints=Checkpoints(
        away={"checkpoint_timeout": "1d", "max_wal_size": "64GB"},
        away_means=(
            "no checkpoint by time (checkpoint_timeout) or size (max_wal_size); one is taken all "
            "the same by CHECKPOINT, a base backup, a new or dropped database, and a shutdown"
        ),
        every=_every,
        every_means="max_wal_size, of which a checkpoint is begun after about half, and ends later",
    ),
    # Rows of a transaction that never committed are not visible; VACUUM takes them away later.
    to_undo=None,
)
