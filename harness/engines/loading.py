r"""How an engine takes whole files of rows, and how it digests what a table holds. Pure knowledge.

A file has one line for each row: its values in the order of the columns, with a tab between, in the
text format that PostgreSQL's COPY and MySQL's LOAD DATA both read (`\N` is NULL; a tab, a line end
or a backslash in a text is written with a backslash).

A table's digest does not depend on the order of its rows: for every row the SHA-256 of its line,
of that the first 15 hexadecimal digits as a number, and of these numbers the sum. (MD5 would do,
and is gone from MySQL 9.7.)
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIGEST_DIGITS = 15


class ValueKind(enum.Enum):
    """What kind of value a column holds, as far as its text is concerned."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True)
class Loading:
    """How whole files of rows get into an engine's tables."""

    settings: Mapping[str, str]
    """What a server of ours is started with, so that it takes files."""
    connect_arguments: Mapping[str, object]
    """What the driver is given beyond the usual, so that it sends files."""
    refused: str
    """A query that returns one row if the server takes no files: why, then what would help."""
    load: Callable[[Any, str, Sequence[str], Path], None]
    """Load a file into some columns of a table, over a driver's own connection; commits nothing.

    Raises Rejected if the server took the file and not all of its rows, and the driver's error if
    it refused it.
    """
    client: Callable[[str, Sequence[str]], tuple[str, ...]]
    """The engine's own client's arguments for a database and lines to run as one transaction."""
    client_line: Callable[[str, Sequence[str], Path], str]
    """What the client is told to load a file into some columns of a table, as `load` does."""
    quoted: str
    """A name in a statement; {} is the name."""
    text_of: Mapping[ValueKind, str]
    """SQL for a value's text as it is in a line; {} is the column."""
    line: Callable[[Sequence[str]], str]
    """SQL for a row's line, of the SQL of its values' texts."""
    digest: str
    """A query for the number of rows and the digest; {line} and {table} are put in."""
    is_disk_full: Callable[[BaseException], bool]
    """Whether a driver's error says that the server has no room left, by its code."""
    count_on: str = ""
    """A query that lets the engine number new rows of {table} behind those that were loaded with a
    {column} of their own; empty if it does so by itself."""


class Rejected(Exception):
    """A server took a file and not all of its rows; the text says what it said."""
