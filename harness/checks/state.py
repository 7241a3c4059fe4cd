"""The rows of tables as a value that can be compared.

What the engine numbers is compared up to renaming: two states are equal if some one-to-one renaming
of those numbers, applied wherever they are referenced, makes them so. What a clock fills in is left
out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from harness.checks.renaming import Beside, Number, new_names

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


Canonical = tuple[tuple[str, tuple[Row, ...]], ...]


@dataclass(frozen=True, slots=True)
class New:
    """A number that the engine gave out since the fixture, by its new name."""

    name: int | None = None
    """None: any."""

    def __repr__(self) -> str:
        return "(a new number)" if self.name is None else f"(new number {self.name})"


def canonical(
    state: State, shapes: Sequence[TableShape], fixture: State | None = None
) -> Canonical:
    """A form in which equal states are equal values.

    Numbers that stand in the `fixture` keep their values: the programs know them.

    >>> bill = TableShape("bill", ("no", "member"), ("no",), numbered={"no": "bill.no"})
    >>> a = canonical(State({"bill": ((7, "x"), (9, "y"))}), [bill])
    >>> b = canonical(State({"bill": ((8, "y"), (4, "x"))}), [bill])
    >>> a == b
    True
    """
    known = _known(fixture, shapes)
    names = new_names([_beside(row, s) for s in shapes for row in _rows(state, s)], known)
    return tuple(
        (s.name, tuple(sorted((_renamed(row, s, names) for row in _rows(state, s)), key=repr)))
        for s in shapes
    )


def masked(state: State, shapes: Sequence[TableShape], fixture: State | None = None) -> State:
    """The rows with every number that is not in the `fixture` made alike.

    >>> bill = TableShape("bill", ("no", "member"), ("no",), numbered={"no": "bill.no"})
    >>> masked(State({"bill": ((7, "x"), (9, "y"))}), [bill], State({"bill": ((7, "x"),)}))
    State(tables={'bill': ((7, 'x'), ((a new number), 'y'))})
    """
    known = _known(fixture, shapes)
    return State({s.name: tuple(_masked(row, s, known) for row in _rows(state, s)) for s in shapes})


def _rows(state: State | None, shape: TableShape) -> Sequence[Row]:
    return state.tables.get(shape.name, ()) if state is not None else ()


def _known(fixture: State | None, shapes: Sequence[TableShape]) -> set[Number]:
    found = {n for s in shapes if s.numbered for r in _rows(fixture, s) for n in _numbers(r, s)}
    return {number for number in found if number is not None}


def _numbers(row: Row, shape: TableShape) -> tuple[Number | None, ...]:
    return tuple(
        None if value is None else (shape.numbered[column], value)
        for column, value in zip(shape.columns, row, strict=True)
        if column in shape.numbered
    )


def _beside(row: Row, shape: TableShape) -> Beside:
    """What of a row tells its numbers apart: neither a number nor what a clock filled in."""
    if not shape.numbered:
        return Beside("", ())
    rest = [
        value
        for column, value in zip(shape.columns, row, strict=True)
        if column not in shape.numbered and column not in shape.clock
    ]
    return Beside(f"{shape.name} {rest!r}", _numbers(row, shape))


def _renamed(row: Row, shape: TableShape, names: Mapping[Number, int]) -> Row:
    def renamed(column: str, value: object) -> object:
        if column not in shape.numbered:
            return _frozen(value)
        name = names.get((shape.numbered[column], value))
        return value if name is None else New(name)

    return tuple(
        renamed(column, value)
        for column, value in zip(shape.columns, row, strict=True)
        if column not in shape.clock
    )


def _frozen(value: object) -> object:
    """The value as one that can be put into a set; documents and arrays are not."""
    if isinstance(value, Mapping):
        return ("mapping", tuple(sorted((repr(k), repr(_frozen(v))) for k, v in value.items())))
    if isinstance(value, list):
        return ("list", tuple(_frozen(part) for part in value))
    return value


def _masked(row: Row, shape: TableShape, known: Collection[Number]) -> Row:
    return tuple(
        New()
        if value is not None
        and column in shape.numbered
        and (shape.numbered[column], value) not in known
        else value
        for column, value in zip(shape.columns, row, strict=True)
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
        old = _keyed(_rows(before, shape), shape)
        new = _keyed(_rows(after, shape), shape)
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
    """Rows by their key, or by all that is judged of them, with a count where several are alike."""
    places = [shape.columns.index(column) for column in shape.key]
    counts: Counter[object] = Counter()
    keyed: dict[object, Row] = {}
    for row in sorted(rows, key=repr):
        key: object = tuple(row[place] for place in places)
        if not places or any(isinstance(row[place], New) for place in places):
            key = repr(_judged(row, shape))
        counts[key] += 1
        keyed[key, counts[key]] = row
    return keyed
