"""Tables replaced on MySQL and MariaDB: LOAD DATA with the binary log off, and one RENAME.

The redo log cannot be left out for a table (manual, "Redo Log": it is disabled for the whole
instance, and a crash then leaves data that do not start), so "without log" is the binary log here:
point-in-time recovery over the swap needs the copy that is taken of the new tables.

RENAME TABLE is one statement over several tables, all or nothing since MySQL 8.0 and MariaDB 10.6.
While it waits for its metadata locks it comes before writers that wait as well (manual, "Metadata
Locking": exclusive requests have the higher priority).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pymysql.cursors import SSCursor

from harness.engines.mysql.loading import MYSQL_LOADING, load
from harness.engines.replacing import Columns, Replacing, Space


def extract(connection: Any, table: str, columns: Columns, rest: str, path: Path) -> int:
    """Read the rows as they come, one line each, without keeping them here."""
    line = MYSQL_LOADING.line([text for _name, text in columns])
    rows = 0
    with connection.cursor(SSCursor) as cursor, path.open("wb") as file:
        cursor.execute(f"SELECT {line} FROM `{table}` {rest}")
        for (text,) in cursor.fetchall_unbuffered():
            file.write(text.encode() + b"\n")
            rows += 1
    return rows


# MySQL and MariaDB have the same table under two names.
_TABLESPACES = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'information_schema'"
    " AND table_name IN ('INNODB_TABLESPACES', 'INNODB_SYS_TABLESPACES')"
)


def space(connection: Any, table: str) -> Space:
    """By the table's own file, or its partitions', and what InnoDB says of its pages.

    Rows that are deleted are not counted: purge removes them in the background, and pages that are
    half empty then are not told from full ones (manual, "INNODB_TABLESPACES").
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLESPACES)
        ((name,),) = cursor.fetchall()
        cursor.execute(
            "SELECT data_length, index_length, data_free FROM information_schema.tables"
            f" WHERE table_schema = DATABASE() AND table_name = '{table}'"
        )
        ((rows, indexes, free),) = cursor.fetchall()
        cursor.execute(
            f"SELECT SUM(file_size) FROM information_schema.{name}"
            f" WHERE name = CONCAT(DATABASE(), '/', '{table}')"
            f" OR LOWER(name) LIKE LOWER(CONCAT(DATABASE(), '/', '{table}', '#p#%'))"
        )
        ((own_files,),) = cursor.fetchall()
    if own_files is None:
        # In a file with others (innodb_file_per_table is off), whose free pages it is.
        return Space(int(rows) + int(indexes), int(indexes), None, None, None, None)
    return Space(int(own_files), int(indexes), int(free), None, None, int(rows) + int(indexes))


def _lock(names: Sequence[str], kind: str) -> Sequence[str]:
    return ["LOCK TABLES " + ", ".join(f"`{name}` {kind}" for name in names)]


def _swap(names: Sequence[str], home: str, new: str, old: str) -> Sequence[str]:
    moves = [f"`{home}`.`{name}` TO `{old}`.`{name}`" for name in reversed(names)]
    moves += [f"`{new}`.`{name}` TO `{home}`.`{name}`" for name in names]
    return [f"RENAME TABLE {', '.join(moves)}"]


MYSQL_REPLACING = Replacing(
    sentence="the binary log is off for the session that loads; the redo log is always written",
    extract=extract,
    hold=lambda names: _lock(names, "READ"),
    hold_all=lambda names: _lock(names, "WRITE"),
    let_go=("UNLOCK TABLES",),
    load=load,
    quiet=(
        "SET SESSION sql_log_bin = 0",
        # The rows come from tables whose keys were checked.
        "SET SESSION foreign_key_checks = 0",
        "SET SESSION unique_checks = 0",
        "SET SESSION lock_wait_timeout = 60",
    ),
    use="USE `{}`",
    fill=lambda names: [f"TRUNCATE TABLE `{name}`" for name in names],
    swap=_swap,
    one_transaction=False,
    # MySQL remembers such figures for a day. MariaDB does not, and takes this for a comment.
    fresh=("SET @fresh = 1 /*!80000 , SESSION information_schema_stats_expiry = 0 */",),
    waits=(
        "SELECT 1 FROM information_schema.processlist"
        " WHERE id = {} AND state LIKE 'Waiting for table metadata lock%'"
    ),
    counter=(
        "SELECT auto_increment, '{column}' FROM information_schema.tables"
        " WHERE table_schema = '{schema}' AND table_name = '{table}'"
    ),
    count_from="ALTER TABLE `{table}` AUTO_INCREMENT = {number}",
    # Neither knows a table without redo log (MEMORY tables have no foreign keys).
    unlogged=None,
    schemas="SELECT schema_name FROM information_schema.schemata",
    within=(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = '{0}' UNION ALL "
        "SELECT routine_name FROM information_schema.routines WHERE routine_schema = '{0}' "
        "UNION ALL SELECT event_name FROM information_schema.events WHERE event_schema = '{0}'"
    ),
    space=space,
    statistics=lambda names: [f"ANALYZE TABLE `{name}`" for name in names],
    rebuild=lambda names: [f"ALTER TABLE `{name}` ENGINE = InnoDB" for name in names],
)
