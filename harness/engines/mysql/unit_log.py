"""The log of one unit of work on MySQL and MariaDB: what waits for the binary log.

A transaction's changes are kept in a cache until it commits; past `max_binlog_cache_size` the
statement is refused with errno 1197 and undone (manual, "Replication and Binary Logging Options").
A changed limit is for sessions that are opened afterwards.
"""

from __future__ import annotations

import pymysql

from harness.engines.unit_log import UnitLog

_CACHE_FULL = 1197


def _is_full(error: BaseException) -> bool:
    return (
        isinstance(error, pymysql.err.MySQLError)
        and error.args[:1] != ()
        and error.args[0] == _CACHE_FULL
    )


MYSQL_UNIT_LOG = UnitLog(
    log="binary log",
    sentence="past max_binlog_cache_size the statement is refused (errno 1197) and undone",
    limit="SET GLOBAL max_binlog_cache_size = {}",
    unlimited="SET GLOBAL max_binlog_cache_size = DEFAULT",
    step_bytes=4096,
    is_full=_is_full,
)
