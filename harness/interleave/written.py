"""Which tables a statement writes, read from its text.

Used to put back no more than an execution may have changed. In doubt the answer is `EVERYTHING`.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.interleave.statement import read_statement


@dataclass(frozen=True, slots=True)
class Writing:
    """One table written; `columns` are those an UPDATE sets, None if rows come or go."""

    table: str
    columns: frozenset[str] | None


EVERYTHING = (Writing("*", None),)
"""The statement may have written any table."""


def written_by(text: str, dialect: str) -> tuple[Writing, ...]:
    """What a statement's text says that it writes.

    >>> written_by("update t set v = %(v)s where k = 1", "postgres")
    (Writing(table='t', columns=frozenset({'v'})),)
    >>> written_by("select 1 from t for update", "mysql")
    ()
    >>> written_by("call surprise()", "mysql") == EVERYTHING
    True
    """
    statement = read_statement(text, dialect)
    if statement is None:
        return EVERYTHING
    return tuple(Writing(change.table, change.columns) for change in statement.changes)
