"""What a step touches: which tables, and how. Two steps whose footprints do not conflict commute.

Everything here errs on the side of conflict. Tables count as wholes, whatever rows are named, and
in whatever case their names are written; a statement touches everything if it cannot be read, calls
a function that is not built in, changes definitions, names what is no table of the fixture (a view
may read any), or changes a table with triggers, itself or by a cascade. Not seen is what only the
engine knows: a column's default or check that calls a function which reads or changes tables, a
sequence from which the defaults of two tables draw.

Terms: a plain read *reads*; a locking read FOR SHARE, and an insert for the rows that its foreign
keys name, *share*; a change and a read FOR UPDATE *exclude*; what changes definitions, or cannot be
read, *bars*. Reading and sharing do not conflict. Where reads take no locks and see committed rows
only, reading and excluding do not either, until the exclusion ends with a commit.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

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
"""A statement that may take the snapshot its transaction keeps: it depends on every commit."""


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """The tables, and how a change of one reaches others. All names are in small letters.

    Each is equal to itself alone, so that what follows from it can be kept.
    """

    parents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By table, those that its rows name."""
    children: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By table, those whose rows name its rows."""
    tables: frozenset[str] | None = None
    """All tables there are; None if any name may be one."""
    with_triggers: frozenset[str] = frozenset()
    """Those where a change does more than it says."""

    @classmethod
    def of(
        cls,
        pairs: Iterable[tuple[str, str]],
        tables: Iterable[str] | None = None,
        with_triggers: Iterable[str] = (),
    ) -> References:
        """From (child, parent) pairs.

        >>> References.of([("line", "Bill")]).children["bill"]
        frozenset({'line'})
        """
        parents: dict[str, set[str]] = {}
        children: dict[str, set[str]] = {}
        for child, parent in ((one.lower(), other.lower()) for one, other in pairs):
            parents.setdefault(child, set()).add(parent)
            children.setdefault(parent, set()).add(child)
        return cls(
            {table: frozenset(found) for table, found in parents.items()},
            {table: frozenset(found) for table, found in children.items()},
            None if tables is None else _folded(tables),
            _folded(with_triggers),
        )

    def touched_by_change(self, table: str, *, goes: bool) -> Footprint:
        """What a change of a table touches.

        `goes` says that rows may vanish or be renamed, and those that name them be touched, and
        those that name these, to the end.
        """
        changed = self._reached_from(table) if goes else {table}
        if changed & self.with_triggers:
            return EVERYTHING
        named = {parent for each in changed for parent in self.parents.get(each, ())}
        return Footprint(dict.fromkeys(named, Mode.SHARES)) | Footprint(
            dict.fromkeys(changed, Mode.EXCLUDES)
        )

    def _reached_from(self, table: str) -> set[str]:
        reached, new = {table}, {table}
        while new:
            new = {child for each in new for child in self.children.get(each, ())} - reached
            reached |= new
        return reached

    def known(self, statement: Statement) -> frozenset[str] | None:
        """The tables that a statement names; None if a name is of something else, maybe a view.

        A name that a common table expression has counts if a table has it too: whether it hides
        the table or reads it depends on where it stands.
        """
        named = _folded(statement.tables)
        if self.tables is None:
            return named | _folded(statement.hidden)
        return named | (_folded(statement.hidden) & self.tables) if named <= self.tables else None


def _folded(names: Iterable[str]) -> frozenset[str]:
    """Names in small letters: whether case matters depends on engine, system and quotes."""
    return frozenset(name.lower() for name in names)


@lru_cache(maxsize=4096)
def footprint_of(text: str, dialect: str, references: References) -> Footprint:
    """What a statement touches, read from its text.

    >>> f = footprint_of("insert into line (bill) select no from bill", "postgres", References())
    >>> sorted((table, mode.name) for table, mode in f.modes.items())
    [('bill', 'SHARES'), ('line', 'EXCLUDES')]
    >>> footprint_of("call surprise()", "mysql", References()) == EVERYTHING
    True
    >>> two_tables = References.of([], ["bill", "line"])
    >>> footprint_of("select no from unpaid_bill", "mysql", two_tables) == EVERYTHING
    True
    """
    statement = read_statement(text, dialect)
    tables = references.known(statement) if statement is not None else None
    if statement is None or tables is None:
        return EVERYTHING
    found = Footprint(dict.fromkeys(tables, _read_mode(statement)))
    for change in statement.changes:
        found |= references.touched_by_change(change.table.lower(), goes=not change.only_adds)
    return found


def _read_mode(statement: Statement) -> Mode:
    if statement.locks_to_change:
        return Mode.EXCLUDES
    # What a change reads beside its target it may lock as well, at the stricter levels.
    return Mode.SHARES if statement.locks or statement.changes else Mode.READS
