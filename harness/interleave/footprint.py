"""What a step touches: which tables, and how. Two steps whose footprints do not conflict commute.

Everything here errs on the side of conflict. Tables count as wholes, whatever rows are named; a
statement that cannot be read, calls a function that is not built in, or changes definitions touches
everything.

Terms: a plain read *reads*; a locking read FOR SHARE, and an insert for the rows that its foreign
keys name, *share*; a change and a read FOR UPDATE *exclude*; what changes definitions, or cannot be
read, *bars*. Reading and sharing do not conflict. Where reads take no locks and see committed rows
only, reading and excluding do not either, until the exclusion ends with a commit.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.interleave.statement import Statement, read_statement

ANY = "*"
"""Stands for every table."""


class Mode(enum.IntEnum):
    """How a table is touched, the stronger the greater."""

    READS = 1
    SHARES = 2
    EXCLUDES = 3
    BARS = 4


@dataclass(frozen=True, slots=True)
class Footprint:
    """Tables touched, each in its strongest mode."""

    modes: Mapping[str, Mode] = field(default_factory=dict)

    def __or__(self, other: Footprint) -> Footprint:
        merged = dict(self.modes)
        for table, mode in other.modes.items():
            merged[table] = max(mode, merged.get(table, mode))
        return Footprint(merged)

    def conflicts(self, other: Footprint, *, reads_see: bool = True) -> bool:
        """Whether the order of two steps can matter.

        `reads_see` says that a plain read is affected by what the other excludes: it always is
        where the other commits, and before that only where reads take locks or see uncommitted
        rows.

        >>> a, b = Footprint({"t": Mode.READS}), Footprint({"t": Mode.EXCLUDES})
        >>> a.conflicts(b), a.conflicts(a), a.conflicts(Footprint({"u": Mode.EXCLUDES}))
        (True, False, False)
        >>> a.conflicts(b, reads_see=False), a.conflicts(EVERYTHING, reads_see=False)
        (False, True)
        """
        return any(
            _exclude(mine, theirs, reads_see)
            for table, mine in self.modes.items()
            for other_table, theirs in other.modes.items()
            if table == other_table or ANY in (table, other_table)
        )

    def without_reads(self) -> Footprint:
        """What of it matters to others after the statement."""
        return Footprint({t: mode for t, mode in self.modes.items() if mode is not Mode.READS})


def _exclude(one: Mode, other: Mode, reads_see: bool) -> bool:
    weaker, stronger = sorted((one, other))
    if stronger is Mode.BARS:
        return True
    return stronger is Mode.EXCLUDES and (reads_see or weaker is not Mode.READS)


NOTHING = Footprint()
EVERYTHING = Footprint({ANY: Mode.BARS})
A_SNAPSHOT = Footprint({ANY: Mode.READS})
"""The first statement of a transaction that keeps its snapshot: it depends on every commit."""


@dataclass(frozen=True, slots=True)
class References:
    """Foreign keys by table: which tables a table's rows name, and which name its rows."""

    parents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    children: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> References:
        """From (child, parent) pairs.

        >>> References.of([("line", "bill")]).children["bill"]
        frozenset({'line'})
        """
        parents: dict[str, set[str]] = {}
        children: dict[str, set[str]] = {}
        for child, parent in pairs:
            parents.setdefault(child, set()).add(parent)
            children.setdefault(parent, set()).add(child)
        return cls(
            {table: frozenset(found) for table, found in parents.items()},
            {table: frozenset(found) for table, found in children.items()},
        )

    def touched_by_change(self, table: str, *, goes: bool) -> Footprint:
        """What a change of a table touches beyond it.

        `goes` says that rows may vanish or be renamed, and those that name them be touched.
        """
        found = Footprint(dict.fromkeys(self.parents.get(table, ()), Mode.SHARES))
        if goes:
            for child in self.children.get(table, ()):
                found |= Footprint({child: Mode.EXCLUDES})
        return found


def footprint_of(text: str, dialect: str, references: References) -> Footprint:
    """What a statement touches, read from its text.

    >>> f = footprint_of("insert into line (bill) select no from bill", "postgres", References())
    >>> sorted((table, mode.name) for table, mode in f.modes.items())
    [('bill', 'SHARES'), ('line', 'EXCLUDES')]
    >>> footprint_of("call surprise()", "mysql", References()) == EVERYTHING
    True
    """
    statement = read_statement(text, dialect)
    if statement is None:
        return EVERYTHING
    found = Footprint(dict.fromkeys(statement.tables, _read_mode(statement)))
    for change in statement.changes:
        beyond = references.touched_by_change(change.table, goes=not change.only_adds)
        found |= Footprint({change.table: Mode.EXCLUDES}) | beyond
    return found


def _read_mode(statement: Statement) -> Mode:
    if statement.locks_to_change:
        return Mode.EXCLUDES
    # What a change reads beside its target it may lock as well, at the stricter levels.
    return Mode.SHARES if statement.locks or statement.changes else Mode.READS
