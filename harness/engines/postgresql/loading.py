r"""Whole files of rows on PostgreSQL: COPY FROM STDIN, as psql's \copy does it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from harness.engines.loading import DIGEST_DIGITS, Loading, ValueKind

_PIECE_BYTES = 1 << 18

_ESCAPED = (
    r"replace(replace(replace(replace({}, E'\\', E'\\\\'), E'\t', E'\\t'), E'\n', E'\\n'),"
    r" E'\r', E'\\r')"
)


def load(
    connection: Any, table: str, columns: Sequence[str], path: Path, options: str = ""
) -> None:
    """Send the file in pieces; one row that the server refuses refuses all of them."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {_target(table, columns)} FROM STDIN {options}") as copy,
        path.open("rb", buffering=0) as file,
    ):
        while piece := file.read(_PIECE_BYTES):
            copy.write(piece)


def _target(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f'"{table}" ({names})'


def _client(database: str, lines: Sequence[str]) -> tuple[str, ...]:
    return (
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--single-transaction",
        f"--dbname={database}",
        *(f"--command={line}" for line in lines),
    )


def _line(texts: Sequence[str]) -> str:
    values = ", ".join(rf"coalesce({text}, E'\\N')" for text in texts)
    return rf"concat_ws(E'\t', {values})"


POSTGRESQL_LOADING = Loading(
    settings={},
    connect_arguments={},
    refused="SELECT 1, 2 WHERE false",
    load=load,
    client=_client,
    client_line=lambda table, columns, path: rf"\copy {_target(table, columns)} from '{path}'",
    quoted='"{}"',
    text_of={
        ValueKind.TEXT: _ESCAPED,
        ValueKind.NUMBER: "CAST({} AS text)",
        ValueKind.DATE: "to_char({}, 'YYYY-MM-DD')",
        ValueKind.TIMESTAMP: "to_char({}, 'YYYY-MM-DD HH24:MI:SS.US')",
    },
    line=_line,
    digest=(
        "SELECT count(*), coalesce(sum(('x' || left(encode(sha256(convert_to({line}, 'UTF8')),"
        f" 'hex'), {DIGEST_DIGITS}))::bit({4 * DIGEST_DIGITS})::bigint), 0)"
        ' FROM "{table}"'
    ),
    is_disk_full=lambda error: isinstance(error, psycopg.errors.DiskFull),
    # A row with a number of its own leaves the sequence where it is (manual, "Identity Columns").
    count_on=(
        "SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), max(\"{column}\"))"
        ' FROM "{table}"'
    ),
)
