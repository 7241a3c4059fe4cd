"""What a statement does to given rows, worked out in memory: to tell who has seen which version.

The statement is translated by sqlglot and run by SQLite over nothing but those rows. This is never
taken for the server's answer: whoever uses it compares what it gives with what the server had
answered, and drops what differs.

Terms: a *row's name* is its table and its key; *rows* are values by row's name.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from math import isfinite

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from harness.checks.state import Row, State, TableShape

RowName = tuple[str, Row]
"""Table and key; of a table without a key, the place at which a row was first seen."""

Rows = Mapping[RowName, Row]


MOST_QUESTIONS = 5_000
"""So many statements are worked out for one execution, which takes a second or two."""


class BeyondModelError(Exception):
    """The statement cannot be worked out here; nothing follows from that."""


@dataclass(frozen=True)
class Answer:
    """What a statement gives: rows for a query, and what becomes of rows for a change."""

    count: int
    """Rows found or touched."""
    found: Mapping[Row, int] = field(default_factory=dict)
    """The rows of a query, with how often each occurs."""
    changes: Mapping[RowName, Row | None] = field(default_factory=dict)
    """How rows are left by a change; None for one that is gone."""


class Model:
    """Tables in memory. Close it after use.

    Raises:
        BeyondModelError: the tables cannot be made here.
    """

    def __init__(self, shapes: Sequence[TableShape], dialect: str) -> None:
        self._shapes = {shape.name: shape for shape in shapes}
        self._dialect = dialect
        self._asked = 0
        self._loaded: dict[str, dict[RowName, Row]] = {}
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        for shape in shapes:
            columns = ", ".join(map(_quoted, shape.columns))
            key = f", PRIMARY KEY ({', '.join(map(_quoted, shape.key))})" if shape.key else ""
            self._run(f"CREATE TABLE {_quoted(shape.name)} ({columns}{key})")
            self._loaded[shape.name] = {}

    def close(self) -> None:
        """Forget the tables."""
        self._database.close()

    def rows_of(self, state: State) -> dict[RowName, Row]:
        """Rows as they were read from a server."""
        found: dict[RowName, Row] = {}
        for shape in self._shapes.values():
            for place, row in enumerate(state.tables.get(shape.name, ())):
                plain = tuple(map(plain_value, row))
                found[self._name(shape, plain, place)] = plain
        return found

    def query(self, text: str, rows: Rows) -> Answer:
        """What a query finds in these rows.

        Raises:
            BeyondModelError: it cannot be worked out.
        """
        self._count()
        statement = _translated(text, self._dialect)
        self._load(rows)
        found = self._run(statement).fetchall()
        return Answer(len(found), counted(found))

    def change(self, text: str, rows: Rows) -> Answer:
        """What a change makes of these rows.

        Raises:
            BeyondModelError: it cannot be worked out.
        """
        self._count()
        statement = _translated(text, self._dialect)
        self._load(rows)
        self._database.execute("BEGIN")
        try:
            cursor = self._run(statement)
            returned = cursor.fetchall() if cursor.description else []
            count = cursor.rowcount if not returned else len(returned)
            after = self._rows_now()
        finally:
            self._database.execute("ROLLBACK")
        before = {name: row for table in self._loaded.values() for name, row in table.items()}
        names = before.keys() | after.keys()
        changes = {n: after.get(n) for n in names if before.get(n) != after.get(n)}
        return Answer(count, counted(returned), changes)

    def _count(self) -> None:
        self._asked += 1
        if self._asked > MOST_QUESTIONS:
            raise BeyondModelError(f"{MOST_QUESTIONS} statements have been worked out")

    def _name(self, shape: TableShape, row: Row, place: int) -> RowName:
        if not shape.key:
            return shape.name, ("#", place)
        return shape.name, tuple(row[shape.columns.index(column)] for column in shape.key)

    def _load(self, rows: Rows) -> None:
        wanted: dict[str, dict[RowName, Row]] = {name: {} for name in self._shapes}
        for name, row in rows.items():
            wanted[name[0]][name] = row
        for table, content in wanted.items():
            if content == self._loaded[table]:
                continue
            self._loaded[table] = {("", ()): ()}  # unknown, until all its rows are in
            self._run(f"DELETE FROM {_quoted(table)}")
            marks = ", ".join("?" * len(self._shapes[table].columns))
            for (_, key), row in content.items():
                if self._shapes[table].key:
                    self._run(f"INSERT INTO {_quoted(table)} VALUES ({marks})", row)
                else:
                    columns = ", ".join(map(_quoted, ("rowid", *self._shapes[table].columns)))
                    insert = f"INSERT INTO {_quoted(table)} ({columns}) VALUES (?, {marks})"
                    self._run(insert, (key[1], *row))
            self._loaded[table] = content

    def _rows_now(self) -> dict[RowName, Row]:
        found: dict[RowName, Row] = {}
        for table, shape in self._shapes.items():
            query = f"SELECT rowid, * FROM {_quoted(table)}"
            for place, *values in self._database.execute(query):
                row = tuple(values)
                found[self._name(shape, row, place)] = row
        return found

    def _run(self, text: str, values: Iterable[object] = ()) -> sqlite3.Cursor:
        try:
            return self._database.execute(text, tuple(values))
        except (sqlite3.Error, OverflowError) as error:
            raise BeyondModelError(f"{text}: {error}") from error


def counted(rows: Iterable[Sequence[object]]) -> dict[Row, int]:
    """Rows as plain values, with how often each occurs.

    >>> counted([(1, Decimal("2.0")), (1, 2)])
    {(1, 2): 2}
    """
    return dict(Counter(tuple(map(plain_value, row)) for row in rows))


def plain_value(value: object) -> object:
    """A driver's value as one that SQLite holds too, so that equal ones are equal.

    >>> plain_value(date(2024, 5, 1)), plain_value(Decimal("1.50")), plain_value(True)
    ('2024-05-01', 1.5, 1)
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (Decimal, float)) and isfinite(value):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, (datetime, date, time)):
        return str(value)
    if isinstance(value, (list, dict, tuple)):
        return json.dumps(value, sort_keys=True, default=str)
    return value if value is None or isinstance(value, (int, str, bytes)) else str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=4096)
def _translated(text: str, dialect: str) -> str:
    try:
        tree = sqlglot.parse_one(text, dialect=dialect)
        made = tree.transform(_without_what_it_lacks)
    except SqlglotError as error:
        raise BeyondModelError(f"{text}: {error}") from error
    assert made is not None, "only parts of a statement are left out"
    return made.sql("sqlite")


def _without_what_it_lacks(node: exp.Expr) -> exp.Expr | None:
    """Locks, casts to what SQLite keeps as text or as it is, schemas before tables."""
    if isinstance(node, exp.Lock):
        return None
    if isinstance(node, exp.Cast) and not _changes_value(node):
        inner: exp.Expr = node.this
        return _without_what_it_lacks(inner)
    if isinstance(node, exp.Table):
        node.set("db", None)
        node.set("catalog", None)
    return node


def _changes_value(cast: exp.Cast) -> bool:
    """Whether it may turn one number into another; SQLite holds dates as the text they are."""
    return bool(cast.to.is_type(*exp.DataType.NUMERIC_TYPES)) and not isinstance(
        cast.this, exp.Literal
    )
