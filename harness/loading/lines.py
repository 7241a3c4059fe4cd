"""Rows as lines of a file, in the text format that all engines read (`harness.engines.loading`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, DateTime, Integer, Numeric, String, Table
from sqlalchemy.types import TypeEngine

from harness.engines.loading import DIGEST_DIGITS, ValueKind
from harness.errors import UsageError

_NULL = r"\N"
_TO_ESCAPE = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}

Encode = Callable[[Any], str]


def kind_of(column_type: TypeEngine[Any]) -> ValueKind:
    """What kind of values a column's type holds.

    >>> kind_of(Integer()), kind_of(DateTime())
    (<ValueKind.NUMBER: 'number'>, <ValueKind.TIMESTAMP: 'timestamp'>)

    Raises:
        UsageError: values of that type have no text that is the same on all engines.
    """
    if isinstance(column_type, String):
        return ValueKind.TEXT
    if isinstance(column_type, DateTime):
        return ValueKind.TIMESTAMP
    if isinstance(column_type, Date):
        return ValueKind.DATE
    exact = isinstance(column_type, Numeric) and column_type.asdecimal
    if isinstance(column_type, Integer) or exact:
        return ValueKind.NUMBER
    raise UsageError(f"type {column_type}: has no text that is the same on all engines")


class Lines:
    r"""Makes lines of a table's rows and adds up their digest.

    >>> from sqlalchemy import Column, MetaData
    >>> one = Table("one", MetaData(), Column("one_no", Integer), Column("name", String(9)))
    >>> lines = Lines(one)
    >>> lines.of([(1, None), (2, "a\tb")])
    b'1\t\\N\n2\ta\\tb\n'
    >>> lines.rows
    2
    """

    def __init__(self, table: Table) -> None:
        """Raises UsageError for a column whose values have no text of their own."""
        self.table = table
        self.rows = 0
        self.total = 0
        self._encoders = [_encoder(column.type) for column in table.columns]

    def of(self, rows: Sequence[tuple[Any, ...]]) -> bytes:
        """The lines of some rows.

        Raises:
            ValueError: a row has not one value for each column.
        """
        encoders, total, lines = self._encoders, 0, []
        for row in rows:
            texts = [
                _NULL if value is None else encode(value)
                for encode, value in zip(encoders, row, strict=True)
            ]
            line = "\t".join(texts).encode()
            total += int(hashlib.sha256(line).hexdigest()[:DIGEST_DIGITS], 16)
            lines.append(line)
        self.rows += len(lines)
        self.total += total
        return b"\n".join([*lines, b""]) if lines else b""


def _encoder(column_type: TypeEngine[Any]) -> Encode:
    kind = kind_of(column_type)
    if kind is ValueKind.TEXT:
        return _text
    if kind is ValueKind.DATE:
        return _date
    if kind is ValueKind.TIMESTAMP:
        return _timestamp
    if isinstance(column_type, Numeric):
        return f"{{:.{column_type.scale or 0}f}}".format
    return str


def _text(value: str) -> str:
    if _TO_ESCAPE.search(value) is None:
        return value
    return _TO_ESCAPE.sub(lambda found: _ESCAPED[found[0]], value)


@lru_cache(maxsize=4096)
def _date(value: date) -> str:
    return value.isoformat()


@lru_cache(maxsize=4096)
def _timestamp(value: datetime) -> str:
    return value.isoformat(sep=" ", timespec="microseconds")
