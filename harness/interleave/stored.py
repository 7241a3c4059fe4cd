"""One table as it stands before every execution: the texts that read it and put it back.

What is put back never changes, so each text is made once, with its values written out: that saves
building a statement anew for every execution, and lets a server take several at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Dialect,
    ForeignKeyConstraint,
    Table,
    UniqueConstraint,
    insert,
    null,
    select,
    text,
    update,
)
from sqlalchemy.exc import CompileError
from sqlalchemy.sql import ClauseElement

from harness.checks.state import Row, TableShape

Processor = Callable[[Any], Any]


class StoredTable:
    """A table, its first rows, and the statements about them."""

    def __init__(self, table: Table, dialect: Dialect, place: str) -> None:
        self.table = table
        self.name = table.name
        self.rows: tuple[Row, ...] = ()
        self.indexed = indexed_columns(table)
        self._dialect = dialect
        self._columns: list[Column[Any]] = [c for c in table.columns if c.computed is None]
        order = [text(place)] if place else list(table.primary_key)
        self.read = self._text(select(table).order_by(*order))
        self.delete = self._text(table.delete())
        self._processors: list[tuple[int, Processor]] | None = None
        self._insert: str | None = None
        self._updates: dict[int, str] = {}
        self.write_out = True
        """Whether values are written into texts; if a type does not allow it they are bound."""

    def rows_of(self, description: Sequence[Any], raw: Sequence[Sequence[Any]]) -> tuple[Row, ...]:
        """The driver's rows as SQLAlchemy would give them."""
        if self._processors is None:
            self._processors = self._needed(description)
        if not self._processors:
            return tuple(map(tuple, raw))
        rows = [list(row) for row in raw]
        for row in rows:
            for place, process in self._processors:
                row[place] = process(row[place])
        return tuple(map(tuple, rows))

    def insert_text(self) -> str | None:
        """The text that loads all rows in their order; None if they cannot be written out."""
        if self._insert is None and self.write_out:
            values = [self._values(row) for row in self.rows]
            self._insert = self._written(insert(self.table).values(values)) if values else ""
        return self._insert if self.write_out else None

    def insert_bound(self) -> tuple[Any, list[dict[str, Any]]]:
        """The same as a statement and its parameters."""
        return insert(self.table), [self._values(row) for row in self.rows]

    def update_text(self, number: int) -> str | None:
        """The text that gives one row its first values again; None if that cannot be."""
        if number not in self._updates and self.write_out:
            self._updates[number] = self._written(self.update_bound(number))
        return self._updates[number] if self.write_out else None

    def update_bound(self, number: int) -> Any:
        """The same as a statement with bound values."""
        values = self._values(self.rows[number])
        keys = [column.name for column in self.table.primary_key]
        condition = [self.table.c[key] == values.pop(key) for key in keys]
        return update(self.table).where(*condition).values(values)

    def _written(self, statement: ClauseElement) -> str:
        try:
            return self._text(statement)
        except (CompileError, NotImplementedError, UnicodeDecodeError):
            self.write_out = False
            return ""

    def _values(self, row: Row) -> dict[str, Any]:
        named = dict(zip((c.name for c in self.table.columns), row, strict=True))
        # None in a column of documents would be written as the document 'null'.
        return {c.name: null() if named[c.name] is None else named[c.name] for c in self._columns}

    def _text(self, statement: ClauseElement) -> str:
        """The statement with its values written out."""
        made = str(statement.compile(dialect=self._dialect, compile_kwargs={"literal_binds": True}))
        doubles = self._dialect.paramstyle in ("format", "pyformat")
        return made.replace("%%", "%") if doubles else made

    def _needed(self, description: Sequence[Any]) -> list[tuple[int, Processor]]:
        needed: list[tuple[int, Processor]] = []
        for place, column in enumerate(self.table.columns):
            kind = column.type.dialect_impl(self._dialect)
            process = kind.result_processor(self._dialect, description[place][1])
            if process is not None:
                needed.append((place, process))
        return needed


def indexed_columns(table: Table) -> frozenset[str]:
    """Columns whose change moves an index entry.

    All, of a table without a key, or where an index is on what the server itself computes from
    columns: nothing says which.
    """
    everything = frozenset(column.name for column in table.columns)
    if not table.primary_key:
        return everything
    names = {column.name for column in table.primary_key}
    for index in table.indexes:
        names |= {column.name for column in index.columns}
        if not all(isinstance(expression, Column) for expression in index.expressions):
            return everything
    for constraint in table.constraints:
        if isinstance(constraint, (UniqueConstraint, ForeignKeyConstraint)):
            names |= {column.name for column in constraint.columns}
    if any(_changes_by_itself(table.columns[name]) for name in names):
        return everything
    return frozenset(names)


def _changes_by_itself(column: Column[Any]) -> bool:
    """Whether an update of other columns changes this one: computed, or the time of the update."""
    if column.computed is not None or column.server_onupdate is not None:
        return True
    default = getattr(column.server_default, "arg", "")
    return "on update" in str(default).lower()


def shape_of(table: Table) -> TableShape:
    """What checks must know of a table.

    A column's `info` says what fills it: `{"filled_by": "engine"}` or `{"filled_by": "clock"}`;
    an autoincrement key is numbered by the engine without being told so.
    """
    numbered = {}
    for column in table.columns:
        if _is_numbered(column):
            numbered[column.name] = f"{table.name}.{column.name}"
        for key in column.foreign_keys:
            if _is_numbered(key.column):
                numbered[column.name] = f"{key.column.table.name}.{key.column.name}"
    return TableShape(
        table.name,
        tuple(column.name for column in table.columns),
        tuple(column.name for column in table.primary_key),
        frozenset(c.name for c in table.columns if c.info.get("filled_by") == "clock"),
        numbered,
    )


def _is_numbered(column: Any) -> bool:
    if column.info.get("filled_by") == "engine" or column.identity is not None:
        return True
    return column.table.autoincrement_column is column
