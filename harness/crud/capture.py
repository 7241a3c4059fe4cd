"""What a program did at its connection: every statement that was executed, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext

from harness.crud.letters import in_order, letters_of


@dataclass
class Touched:
    """How one table was touched, over all statements of a program."""

    letters: set[str] = field(default_factory=set)
    rows: dict[str, int | None] = field(default_factory=dict)
    """Rows changed by letter (C, U, D); None once a driver did not tell."""
    examples: dict[str, str] = field(default_factory=dict)
    """By letter, the first statement that did it."""

    def add(self, letters: str, rows: int, text: str) -> None:
        """Take in one statement that touched the table."""
        for letter in letters:
            self.letters.add(letter)
            self.examples.setdefault(letter, text)
            if letter != "R":
                before = self.rows.get(letter, 0)
                self.rows[letter] = None if rows < 0 or before is None else before + rows

    def __str__(self) -> str:
        return in_order(self.letters)


@dataclass
class Captured:
    """What a program did."""

    tables: dict[str, Touched] = field(default_factory=dict)
    statements: int = 0
    unread: list[str] = field(default_factory=list)
    """Statements whose text cannot be read for sure."""

    def take(self, text: str, dialect: str, rows: int) -> None:
        """Take in one executed statement."""
        self.statements += 1
        found = letters_of(text, dialect)
        if found is None:
            self.unread.append(text)
            return
        for table, letters in found.items():
            self.tables.setdefault(table, Touched()).add(letters, rows, text)


@contextmanager
def captured(connection: Connection, dialect: str, into: Captured) -> Iterator[None]:
    """While in force, what is executed on the connection is captured.

    `dialect` is the name of the connection's SQL in sqlglot. Seen is what goes through SQLAlchemy
    and was executed without error, whether or not it is committed afterwards.
    """

    def after(
        _connection: Connection,
        cursor: DBAPICursor,
        statement: str,
        _parameters: Any,
        _context: ExecutionContext | None,
        _many: bool,
    ) -> None:
        into.take(statement, dialect, cursor.rowcount)

    event.listen(connection, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(connection, "after_cursor_execute", after)
