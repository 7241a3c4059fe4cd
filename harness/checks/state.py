"""The rows of tables as a value that can be compared.

What the engine numbers is compared up to renaming: two states are equal if some one-to-one renaming
of those numbers, applied wherever they are referenced, makes them so. What a clock fills in is left
out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class TableShape:
    """What must be known of a table to compare its rows.

    `numbered` maps a column to the name of the numbering it takes part in: the table and column
    which the engine numbers. A foreign key to such a column takes part in the same numbering.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    clock: frozenset[str] = frozenset()
    numbered: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """Rows by table, as read. Compare with `canonical`."""

    tables: Mapping[str, tuple[Row, ...]]


def canonical(
    state: State, shapes: Sequence[TableShape]
) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    """A form in which equal states are equal values.

    >>> bill = TableShape("bill", ("no", "member"), ("no",), numbered={"no": "bill.no"})
    >>> a = canonical(State({"bill": ((7, "x"), (9, "y"))}), [bill])
    >>> b = canonical(State({"bill": ((8, "y"), (4, "x"))}), [bill])
    >>> a == b
    True
    """
    names = _renaming(state, shapes)
    result = []
    for shape in shapes:
        rows = (_renamed(row, shape, names) for row in state.tables.get(shape.name, ()))
        result.append((shape.name, tuple(sorted(rows, key=repr))))
    return tuple(result)


def _renaming(state: State, shapes: Sequence[TableShape]) -> dict[tuple[str, object], int]:
    """Number what the engine numbered anew, in the order of all that is not numbered."""
    names: dict[tuple[str, object], int] = {}
    counts: dict[str, int] = {}
    for shape in shapes:
        if not shape.numbered:
            continue
        rows = state.tables.get(shape.name, ())
        for row in sorted(rows, key=lambda row: repr(_plain(row, shape))):
            for column, value in zip(shape.columns, row, strict=True):
                numbering = shape.numbered.get(column)
                if numbering is None or value is None or (numbering, value) in names:
                    continue
                counts[numbering] = counts.get(numbering, 0) + 1
                names[numbering, value] = counts[numbering]
    return names


def _plain(row: Row, shape: TableShape) -> Row:
    return tuple(
        value
        for column, value in zip(shape.columns, row, strict=True)
        if column not in shape.numbered and column not in shape.clock
    )


def _renamed(row: Row, shape: TableShape, names: Mapping[tuple[str, object], int]) -> Row:
    return tuple(
        ("number", names.get((shape.numbered[column], value), value))
        if column in shape.numbered
        else value
        for column, value in zip(shape.columns, row, strict=True)
        if column not in shape.clock
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs between two states; None where a side has no such row."""

    table: str
    columns: tuple[str, ...]
    before: Row | None
    after: Row | None

    def readable(self) -> str:
        """The row's key and what differs, in a line.

        >>> Difference("t", ("k", "v"), (1, 5), (1, 7)).readable()
        't (1, 5): v 5 -> 7'
        """
        if self.before is None:
            return f"{self.table}: only here {_values(self.after)}"
        if self.after is None:
            return f"{self.table}: missing {_values(self.before)}"
        changed = [
            f"{name} {old} -> {new}"
            for name, old, new in zip(self.columns, self.before, self.after, strict=True)
            if old != new
        ]
        return f"{self.table} {_values(self.before)}: " + ", ".join(changed)


def _values(row: Row | None) -> str:
    return "(" + ", ".join(str(value) for value in row or ()) + ")"


def differences(before: State, after: State, shapes: Sequence[TableShape]) -> list[Difference]:
    """The rows in which two states differ, matched by key; whole rows where there is no key."""
    found: list[Difference] = []
    for shape in shapes:
        old = _keyed(before.tables.get(shape.name, ()), shape)
        new = _keyed(after.tables.get(shape.name, ()), shape)
        found.extend(
            Difference(shape.name, shape.columns, old.get(key), new.get(key))
            for key in sorted(old.keys() | new.keys(), key=repr)
            if _judged(old.get(key), shape) != _judged(new.get(key), shape)
        )
    return found


def _judged(row: Row | None, shape: TableShape) -> Row | None:
    """A row without what a clock filled in."""
    if row is None or not shape.clock:
        return row
    return tuple(v for c, v in zip(shape.columns, row, strict=True) if c not in shape.clock)


def _keyed(rows: Sequence[Row], shape: TableShape) -> dict[object, Row]:
    if not shape.key:
        return {(number, row): row for number, row in enumerate(sorted(rows, key=repr))}
    places = [shape.columns.index(column) for column in shape.key]
    return {tuple(row[place] for place in places): row for row in rows}
