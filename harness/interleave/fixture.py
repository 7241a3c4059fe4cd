"""The tables as they stand before every execution, and how they are put back.

An execution must start from the same *physical* state, not only from the same rows: InnoDB keeps a
deleted row, marked, until it is purged, and such rows change which gaps are locked. So a table in which
rows came or went, or an indexed column changed, is *rebuilt* (TRUNCATE and load again, which gives a
fresh tree); where no more than unindexed columns were updated, the rows are *updated back* in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    ForeignKeyConstraint,
    MetaData,
    Table,
    UniqueConstraint,
    insert,
    select,
    text,
    update,
)

from harness.checks.state import State, TableShape, differences
from harness.engines.engine import Engine
from harness.interleave.footprint import References
from harness.interleave.written import EVERYTHING, Writing


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
    return column.table._autoincrement_column is column and column.autoincrement is True


class Fixture:
    """Creates, reads and puts back the tables of one scenario in one database."""

    def __init__(
        self, engine: Engine, metadata: MetaData, load: Callable[[Connection], None]
    ) -> None:
        self._engine = engine
        self._metadata = metadata
        self._load = load
        self._tables: Sequence[Table] = metadata.sorted_tables
        self._by_name = {table.name: table for table in self._tables}
        self._indexed = {table.name: _indexed_columns(table) for table in self._tables}
        self._selects = {
            table.name: select(table).order_by(*table.primary_key) for table in self._tables
        }
        self.shapes = [shape_of(table) for table in self._tables]
        self.initial = State({})
        self.rebuilds = 0
        self.updates_back = 0

    @property
    def references(self) -> References:
        """The foreign keys between the tables."""
        return References.of(
            (table.name, key.referred_table.name)
            for table in self._tables
            for key in table.foreign_key_constraints
        )

    def create(self, connection: Connection) -> None:
        """Make the tables, load the rows, keep them as the state to return to."""
        self._metadata.create_all(connection)
        self._load(connection)
        connection.commit()
        self.initial = self.read(connection, self._by_name)

    def drop(self, connection: Connection) -> None:
        """Remove the tables."""
        self._metadata.drop_all(connection)
        connection.commit()

    def read(self, connection: Connection, names: Iterable[str]) -> State:
        """The rows of the named tables; of the others, those of the fixture."""
        tables = dict(self.initial.tables)
        for name in names:
            rows = connection.execute(self._selects[name]).all()
            tables[name] = tuple(tuple(row) for row in rows)
        connection.rollback()
        return State(tables)

    def touched(self, writings: Iterable[Writing]) -> set[str]:
        """The tables that may have been written, with those a cascade reaches."""
        names = {writing.table for writing in writings}
        if EVERYTHING[0].table in names or not names <= self._by_name.keys():
            return set(self._by_name)
        while more := self._cascades(names) - names:
            names |= more
        return names

    def restore(self, connection: Connection, writings: set[Writing], after: State) -> None:
        """Put back what may have been written; `after` is how the tables were read."""
        touched = self.touched(writings)
        rebuilt = sorted(name for name in touched if self._needs_rebuild(name, writings))
        if rebuilt:
            self._rebuild(connection, rebuilt)
        for difference in differences(self.initial, after, self.shapes):
            if difference.table not in rebuilt and difference.before is not None:
                self._update_back(connection, self._by_name[difference.table], difference.before)
        connection.commit()

    def _needs_rebuild(self, name: str, writings: set[Writing]) -> bool:
        own = [writing for writing in writings if writing.table == name]
        return not own or any(
            writing.columns is None or writing.columns & self._indexed[name] for writing in own
        )

    def _rebuild(self, connection: Connection, names: Sequence[str]) -> None:
        if self._engine.truncate_reaches_references:
            names = self._with_referencing(names)
        self.rebuilds += len(names)
        self._without_foreign_keys(connection, lambda: self._reload(connection, names))

    def _reload(self, connection: Connection, names: Sequence[str]) -> None:
        for statement in self._engine.truncate(names):
            connection.execute(text(statement))
        for table in self._tables:
            rows = self.initial.tables[table.name] if table.name in names else ()
            if rows:
                columns = [column.name for column in table.columns]
                connection.execute(
                    insert(table), [dict(zip(columns, row, strict=True)) for row in rows]
                )

    def _without_foreign_keys(self, connection: Connection, work: Callable[[], None]) -> None:
        before, behind = self._engine.without_foreign_keys
        for statement in before:
            connection.execute(text(statement))
        work()
        for statement in behind:
            connection.execute(text(statement))

    def _update_back(self, connection: Connection, table: Table, row: Sequence[object]) -> None:
        self.updates_back += 1
        values = dict(zip((c.name for c in table.columns), row, strict=True))
        keys = [column.name for column in table.primary_key]
        condition = [table.c[key] == values.pop(key) for key in keys]
        connection.execute(update(table).where(*condition).values(values))

    def _with_referencing(self, names: Sequence[str]) -> Sequence[str]:
        reached = set(names)
        while more := {
            table.name
            for table in self._tables
            for key in table.foreign_key_constraints
            if key.referred_table.name in reached and table.name not in reached
        }:
            reached |= more
        return sorted(reached)

    def _cascades(self, names: set[str]) -> set[str]:
        return {
            table.name
            for table in self._tables
            for key in table.foreign_key_constraints
            if key.referred_table.name in names and (key.ondelete or key.onupdate)
        }


def _indexed_columns(table: Table) -> frozenset[str]:
    """Columns whose change moves an index entry, or a table without a key (all of them)."""
    if not table.primary_key:
        return frozenset(column.name for column in table.columns)
    names = {column.name for column in table.primary_key}
    for index in table.indexes:
        names |= {column.name for column in index.columns}
    for constraint in table.constraints:
        if isinstance(constraint, (UniqueConstraint, ForeignKeyConstraint)):
            names |= {column.name for column in constraint.columns}
    return frozenset(names)
