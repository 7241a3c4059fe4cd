"""The digest of a table, which does not depend on the order of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from harness.engines.engine import Engine
from harness.loading.lines import kind_of

_PRINTED_BITS = 64


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows a table has, and the sum over their lines.

    >>> print(Digest(2, 255))
    00000000000000ff
    """

    rows: int
    total: int

    def __str__(self) -> str:
        return f"{self.total % (1 << _PRINTED_BITS):0{_PRINTED_BITS // 4}x}"


def server_digest(engine: Engine, connection: Any, table: Table) -> Digest:
    """What the server says, asked over a driver's own connection.

    Raises:
        UsageError: a column's values have no text that is the same on all engines.
        engine.driver_error: the server refused.
    """
    cursor = connection.cursor()
    try:
        cursor.execute(digest_query(engine, table))
        rows, total = cursor.fetchall()[0]
        return Digest(int(rows), int(total))
    finally:
        cursor.close()


def digest_query(engine: Engine, table: Table) -> str:
    """The query for a table's number of rows and digest."""
    loading = engine.loading
    texts = [
        loading.text_of[kind_of(column.type)].format(loading.quoted.format(column.name))
        for column in table.columns
    ]
    return loading.digest.format(line=loading.line(texts), table=table.name)
