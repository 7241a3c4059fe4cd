"""Whole files of rows on MySQL and MariaDB: LOAD DATA LOCAL, as their own clients do it.

LOCAL makes the server skip a row that it cannot take, with a warning (manual, "LOAD DATA
Statement": "the statement proceeds as if IGNORE were specified"). So warnings are errors here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import ER

from harness.engines.loading import DIGEST_DIGITS, Loading, Rejected, ValueKind

# By number, so that no SQL mode gives a backslash in a statement another meaning.
_TAB, _NULL = "CHAR(9 USING utf8mb4)", "CHAR(92,78 USING utf8mb4)"
_ESCAPES = (("92", "92,92"), ("9", "92,116"), ("10", "92,110"), ("13", "92,114"))

_REFUSED = """
SELECT 'its variable local_infile is OFF', 'SET GLOBAL local_infile = ON allows it'
FROM DUAL WHERE @@GLOBAL.local_infile = 0
"""


def load(connection: Any, table: str, columns: Sequence[str], path: Path) -> None:
    """Send the file, and see that no row was skipped or changed."""
    with connection.cursor() as cursor:
        cursor.execute(_statement("%s", table, columns), [str(path)])
        cursor.execute("SHOW WARNINGS LIMIT 1")
        for _level, code, said in cursor.fetchall():
            raise Rejected(f"{code}: {said}")


def _statement(path: str, table: str, columns: Sequence[str]) -> str:
    names = ", ".join(f"`{column}`" for column in columns)
    return (
        f"LOAD DATA LOCAL INFILE {path} INTO TABLE `{table}` CHARACTER SET utf8mb4"
        f" FIELDS TERMINATED BY X'09' ESCAPED BY X'5C' LINES TERMINATED BY X'0A' ({names})"
    )


def _client(database: str, lines: Sequence[str]) -> tuple[str, ...]:
    script = "; ".join(["SET SESSION autocommit = 0", *lines, "COMMIT"])
    return ("--local-infile=1", f"--execute={script}", database)


def _escaped() -> str:
    text = "{}"
    for plain, escaped in _ESCAPES:
        text = f"REPLACE({text}, CHAR({plain} USING utf8mb4), CHAR({escaped} USING utf8mb4))"
    return text


def _line(texts: Sequence[str]) -> str:
    values = ", ".join(f"COALESCE({text}, {_NULL})" for text in texts)
    return f"CONCAT_WS({_TAB}, {values})"


def _is_disk_full(error: BaseException) -> bool:
    codes = {ER.DISK_FULL, ER.RECORD_FILE_FULL}
    return (
        isinstance(error, pymysql.err.MySQLError)
        and error.args[:1] != ()
        and (error.args[0] in codes)
    )


MYSQL_LOADING = Loading(
    settings={"local_infile": "ON"},
    connect_arguments={"local_infile": True},
    refused=_REFUSED,
    load=load,
    client=_client,
    client_line=lambda table, columns, path: _statement(f"'{path}'", table, columns),
    quoted="`{}`",
    text_of={
        ValueKind.TEXT: _escaped(),
        # The engine writes all of these as ISO 8601 does, and a DATETIME(6) with its six digits.
        **dict.fromkeys(
            (ValueKind.NUMBER, ValueKind.DATE, ValueKind.TIMESTAMP), "CAST({} AS CHAR)"
        ),
    },
    line=_line,
    digest=(
        "SELECT COUNT(*), COALESCE(SUM(CAST("
        f"CONV(LEFT(SHA2({{line}}, 256), {DIGEST_DIGITS}), 16, 10) AS UNSIGNED)), 0)"
        " FROM `{table}`"
    ),
    is_disk_full=_is_disk_full,
)
