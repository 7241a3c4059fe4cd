"""Dependencies between transactions, as one execution shows them (Adya 1999, 3.1).

Terms: a *write-dependency* (ww) says that the target wrote the version after the source's; a
*read-dependency* (wr), that the target read what the source wrote; an *anti-dependency* (rw), that
the target wrote a later version of what the source read. A dependency is *by predicate* if the row
was not among those read, but would be, or was and would not be.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class Kind(enum.Enum):
    """What makes one transaction come before another."""

    WW = "ww"
    WR = "wr"
    RW = "rw"


@dataclass(frozen=True, slots=True)
class Dependency:
    """The source comes before the target, because of one row."""

    kind: Kind
    source: str
    target: str
    table: str
    row: str
    """Which row, by its key: 'id = 1'; empty where the table has no key."""
    source_turn: int
    target_turn: int
    by_predicate: bool = False

    @property
    def item(self) -> str:
        """The row in words.

        >>> Dependency(Kind.WW, "T1", "T2", "account", "id = 1", 1, 2).item
        'account (id = 1)'
        """
        return f"{self.table} ({self.row})" if self.row else f"a row of table {self.table}"

    def readable(self) -> str:
        """The dependency in one sentence.

        >>> Dependency(Kind.RW, "T1", "T2", "account", "id = 1", 1, 4).readable()
        'T1 -rw-> T2: turn 1 read account (id = 1) as it was before turn 4'
        """
        arrow = f"{self.source} -{self.kind.value}-> {self.target}"
        match self.kind:
            case Kind.WW:
                said = f"turn {self.target_turn} overwrote {self.item}, written in turn "
                return f"{arrow}: {said}{self.source_turn}"
            case Kind.WR:
                how = "depended on" if self.by_predicate else "read"
                said = f"turn {self.target_turn} {how} {self.item} as {self.source} left it in turn"
                return f"{arrow}: {said} {self.source_turn}"
            case Kind.RW if self.by_predicate:
                said = f"turn {self.source_turn} asked by a condition to which {self.item} answers"
                return f"{arrow}: {said} otherwise since turn {self.target_turn}"
            case Kind.RW:
                said = f"turn {self.source_turn} read {self.item} as it was before turn"
                return f"{arrow}: {said} {self.target_turn}"


@dataclass(frozen=True, slots=True)
class DirtyRead:
    """A committed transaction read a version that never was, or did not stay, its writer's last."""

    dependency: Dependency
    aborted: bool
    """The writer rolled back; if not, it went on to write another version."""


@dataclass(frozen=True)
class Evidence:
    """What is known for sure of who depends on whom in one execution."""

    committed: frozenset[str] = frozenset()
    dependencies: Sequence[Dependency] = ()
    dirty_reads: Sequence[DirtyRead] = ()

    def between(self, source: str, target: str) -> list[Dependency]:
        """The dependencies of one transaction on another, each of which has committed."""
        return [d for d in self.dependencies if (d.source, d.target) == (source, target)]

    def rings(self) -> Iterator[tuple[str, ...]]:
        """Every cycle of at most four committed transactions, the shortest first, each once."""
        edges: dict[str, set[str]] = {}
        for dependency in self.dependencies:
            if {dependency.source, dependency.target} <= self.committed:
                edges.setdefault(dependency.source, set()).add(dependency.target)
        for size in range(2, LONGEST_RING + 1):
            for start in sorted(edges):
                yield from _rings_from((start,), edges, size)


LONGEST_RING = 4
"""Longer cycles are not looked for: a batch of many transactions has too many to try."""


def _rings_from(
    path: tuple[str, ...], edges: dict[str, set[str]], size: int
) -> Iterator[tuple[str, ...]]:
    """Cycles of a size that begin with the path and hold no name before its first."""
    found = edges.get(path[-1], set())
    if len(path) == size:
        if path[0] in found:
            yield path
        return
    for name in sorted(found):
        if name > path[0] and name not in path:
            yield from _rings_from((*path, name), edges, size)
