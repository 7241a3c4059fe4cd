"""A program that asks fixed statements, one after the other, and returns what it read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

Rows = tuple[tuple[int, int], ...]
"""What one query gave: (id, value), in the order of the ids."""

COMMIT, ROLLBACK = "commit", "rollback"


@dataclass(frozen=True)
class Script:
    """Statements that are known beforehand, the last of them `commit` or `rollback`."""

    title: str
    statements: tuple[str, ...]

    @classmethod
    def of(cls, title: str, *statements: str) -> Script:
        """A script that ends with a commit, unless it is said to roll back."""
        end = () if statements[-1] == ROLLBACK else (COMMIT,)
        return cls(title, (*statements, *end))

    def run(self, connection: Connection) -> Sequence[Rows]:
        """Ask all statements; the rows of each query."""
        read: list[Rows] = []
        for statement in self.statements:
            if statement == COMMIT:
                connection.commit()
            elif statement == ROLLBACK:
                connection.rollback()
            elif (result := connection.execute(text(statement))).returns_rows:
                read.append(tuple(sorted((row[0], row[1]) for row in result)))
        return read
