"""What a server answers to a block of SQL. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """A result with rows; the values as text, None for NULL."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A statement without rows; how many it touched, where the server says so."""

    rowcount: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The server refused a statement."""

    severity: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity}:  {self.message}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the server remarked between two results, with its line end."""

    text: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What another session, or the same one, sent to a channel that is listened to."""

    channel: str
    payload: str
    sender: int
    """The server's number for the session that sent it."""


Part = Rows | Done | Failure | Notice


@dataclass(frozen=True, slots=True)
class Answer:
    """All that came back for one block, in the order in which it came.

    Notices before the first result are not here: they are heard while the step is under way.
    """

    parts: tuple[Part, ...] = ()
    notifications: tuple[Notification, ...] = ()

    def last(self) -> Part | None:
        """What counts where a block is judged as a whole: its last result."""
        results = [part for part in self.parts if not isinstance(part, Notice)]
        return results[-1] if results else None


def aligned(result: Rows) -> str:
    """Rows as libpq's PQprint aligns them: right where a column holds numbers only, by bytes.

    >>> print(aligned(Rows(("name", "n"), (("a", "10"), (None, "7")))), end="")
    name| n
    ----+--
    a   |10
        | 7
    (2 rows)
    <BLANKLINE>
    """
    if not result.columns:
        return ""
    places = range(len(result.columns))
    columns = [[row[place] or "" for row in result.rows] for place in places]
    numbers = [all(map(_is_number, filter(None, column))) for column in columns]
    widths = [
        max(map(_width, [name, *column]))
        for name, column in zip(result.columns, columns, strict=True)
    ]

    def line(values: Sequence[str]) -> str:
        return "|".join(map(_filled, values, widths, numbers))

    rule = "+".join("-" * width for width in widths)
    rows = [line([value or "" for value in row]) for row in result.rows]
    count = f"({len(rows)} row{'' if len(rows) == 1 else 's'})"
    return "\n".join([line(result.columns), rule, *rows, count]) + "\n\n"


def _is_number(text: str) -> bool:
    """What PQprint takes for a number: digits, signs, points; it ends in a digit.

    >>> [_is_number(text) for text in ("-1.5e10", "2026-01-02 03:04", "E5", "7 ")]
    [True, False, False, False]
    """
    return set(text) <= set("0123456789.Ee -") and text[0] not in "Ee" and text[-1] in "0123456789"


def _width(text: str) -> int:
    return len(text.encode())


def _filled(text: str, width: int, number: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if number else text + blanks
