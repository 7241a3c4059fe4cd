"""Rows that programs add, update and delete: counted from what the driver is told, at each commit.

The numbers are the server's own answers to each statement. They count once the commit has been
acknowledged; what is rolled back does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.engine.interfaces import DBAPICursor

_KEY = "harness_rows"


@dataclass(slots=True)
class Rows:
    """Numbers of rows."""

    added: int = 0
    updated: int = 0
    deleted: int = 0

    def add(self, other: Rows) -> None:
        """Count another's as well."""
        self.added += other.added
        self.updated += other.updated
        self.deleted += other.deleted

    def clear(self) -> None:
        """Count from zero."""
        self.added = self.updated = self.deleted = 0


class RowCount:
    """What is counted on one connection."""

    __slots__ = ("_acknowledged", "_committing", "_open")

    def __init__(self) -> None:
        self._open, self._committing, self._acknowledged = Rows(), Rows(), Rows()

    def executed(self, kind: str, rows: int) -> None:
        """A statement of the transaction that is open changed so many rows."""
        setattr(self._open, kind, getattr(self._open, kind) + rows)

    def commits(self) -> None:
        """The commit is about to be sent; the one before, if any, has been acknowledged."""
        self.begins()
        self._open, self._committing = self._committing, self._open

    def begins(self) -> None:
        """Something else is sent, so the last commit has been acknowledged."""
        if self._committing != _NONE:
            self._acknowledged.add(self._committing)
            self._committing.clear()

    def rolls_back(self) -> None:
        """What was done since the last commit is given up."""
        self._open.clear()

    def fails(self, *, by_server: bool) -> None:
        """The program raised; an error of the server's may have been the answer to a commit."""
        if by_server:
            self._committing.clear()
        self._open.clear()

    def take(self) -> Rows:
        """The rows since the last take; what is open does not count."""
        self.begins()
        self._open.clear()
        found, self._acknowledged = self._acknowledged, Rows()
        return found


_NONE = Rows()


def count_rows(database: Engine) -> None:
    """Count on every connection of a database; `row_count` has the numbers.

    What the dialect tells the driver is listened to, and no event of SQLAlchemy's: a listener on a
    database makes each of its statements dearer than all that is counted here.
    """
    dialect: Any = database.dialect  # each database has its own
    for name in ("do_execute", "do_executemany", "do_execute_no_params"):
        setattr(dialect, name, _counting(getattr(dialect, name)))
    for name, told in (
        ("do_begin", RowCount.begins),
        ("do_commit", RowCount.commits),
        ("do_rollback", RowCount.rolls_back),
    ):
        setattr(dialect, name, _telling(getattr(dialect, name), told))


def row_count(connection: Connection | PoolProxiedConnection) -> RowCount:
    """What is counted on a connection."""
    info = connection.info
    try:
        found: RowCount = info[_KEY]
    except KeyError:
        found = info[_KEY] = RowCount()
    return found


def _counting(execute: Callable[..., None]) -> Callable[..., None]:
    """The same way to have a statement executed; the rows that it changed are counted."""

    def executed(cursor: DBAPICursor, statement: str, *more: Any) -> None:
        execute(cursor, statement, *more)
        context = more[-1]  # behind the parameters, if the statement has any
        kind = _kind(statement, context)
        if kind is not None and cursor.rowcount > 0:
            row_count(context.root_connection).executed(kind, cursor.rowcount)

    return executed


def _telling(
    ask: Callable[[PoolProxiedConnection], None], told: Callable[[RowCount], None]
) -> Callable[[PoolProxiedConnection], None]:
    """The same way to begin or to end a transaction; the count is told before."""

    def asked(connection: PoolProxiedConnection) -> None:
        try:
            told(row_count(connection))
        except NotImplementedError:
            pass  # what SQLAlchemy asks of a first connection, before it is anybody's
        ask(connection)

    return asked


_KINDS = {"INSERT": "added", "UPDATE": "updated", "DELETE": "deleted"}


def _kind(statement: str, context: Any) -> str | None:
    """What a statement does to rows; None if it only reads.

    >>> _kind("  insert into t values (1)", None), _kind("SELECT 1", None)
    ('added', None)
    """
    if context is not None:
        if context.isinsert:
            return "added"
        if context.isupdate:
            return "updated"
        if context.isdelete:
            return "deleted"
    return _KINDS.get(statement.lstrip()[:6].upper())
