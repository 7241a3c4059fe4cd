"""What follows, for sure, from what statements saw.

A statement *depends on* another transaction's version of a row if its answer would have been
another one with the version before, and on its own view being old if a later version would have
given another answer. Both are tried, row by row, in each view that agrees with the server's answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from harness.checks.dependencies import Dependency, DirtyRead, Evidence, Kind
from harness.checks.state import Row
from harness.interleave.model import Answer, BeyondModelError, RowName, Rows
from harness.interleave.versions import Versions, View

Pair = tuple[View, View]
"""The view in which rows are found, and the one in which they are changed."""


@dataclass(frozen=True)
class Sight:
    """One statement's answer, and the views from which the server can have given it."""

    transaction: str
    turn: int
    tables: frozenset[str]
    asked: Callable[[Rows, Rows], Answer]
    """Works the statement out over the rows of a pair of views."""
    answer: Answer
    """The server's; of a change, what was worked out and the server did not contradict."""
    views: Sequence[Pair]


@dataclass(frozen=True)
class _Seen:
    """A dependency as one view shows it."""

    kind: Kind
    other: str
    name: RowName
    place: int
    """Which version: the one that was read, or the later one that was not."""


def evidence_of(
    versions: Versions,
    sights: Sequence[Sight],
    doubted: set[str],
    keys: Mapping[str, tuple[str, ...]],
) -> Evidence:
    """All that is sure, without what rests on doubted tables."""
    dependencies = list(_overwritten(versions, doubted, keys))
    dirty = []
    for sight in sights:
        if sight.tables & doubted:
            continue
        for seen, by_predicate in _sure(sight, versions).items():
            dependency = _dependency(sight, seen, versions, keys, by_predicate=by_predicate)
            if seen.kind is Kind.RW:
                dependencies.append(dependency)
                continue
            if seen.other in versions.aborted:
                dirty.append(DirtyRead(dependency, aborted=True))
                continue
            if seen.place < _last(versions, seen.name, seen.other):
                dirty.append(DirtyRead(dependency, aborted=False))
            dependencies.append(dependency)
    well = frozenset(versions.ended_well)
    return Evidence(
        well,
        [d for d in dependencies if {d.source, d.target} <= well],
        [d for d in dirty if d.dependency.target in well],
    )


def _last(versions: Versions, name: RowName, writer: str) -> int:
    places = [n for n, version in enumerate(versions.of[name]) if version.writer == writer]
    return places[-1]


def _overwritten(
    versions: Versions, doubted: set[str], keys: Mapping[str, tuple[str, ...]]
) -> Iterator[Dependency]:
    for name, some in versions.of.items():
        kept = [version for version in some if version.writer in versions.ended_well]
        if name[0] in doubted:
            continue
        for before, after in pairwise(kept):
            if before.writer != after.writer:
                source, target = str(before.writer), str(after.writer)
                row = _readable(name, keys)
                yield Dependency(Kind.WW, source, target, name[0], row, before.turn, after.turn)


def _sure(sight: Sight, versions: Versions) -> dict[_Seen, bool]:
    """The dependencies that each possible view shows, and whether they are by predicate."""
    sure: dict[_Seen, bool] | None = None
    tried: list[Pair] = []
    changed = versions.changed(sight.tables)
    for pair in sight.views:
        alike = tuple({name: view.get(name, 0) for name in changed} for view in pair)
        if alike in tried:
            continue
        tried.append((alike[0], alike[1]))
        try:
            if _asked(sight, versions, pair) != sight.answer:
                continue
            found = dict(_shown(sight, versions, pair, changed))
        except BeyondModelError:
            return {}
        if sure is None:
            sure = found
        else:
            sure = {seen: both or found[seen] for seen, both in sure.items() if seen in found}
    return sure or {}


def _asked(sight: Sight, versions: Versions, pair: Pair) -> Answer:
    found, newest = (versions.rows(view, sight.tables) for view in pair)
    return sight.asked(found, newest)


def _shown(
    sight: Sight, versions: Versions, pair: Pair, changed: Sequence[RowName]
) -> Iterator[tuple[_Seen, bool]]:
    for name in changed:
        place = pair[1].get(name, 0)
        writer = versions.of[name][place].writer
        if writer is not None and writer != sight.transaction:
            older = versions.before(name, place)
            if _differs(sight, versions, pair, name, older):
                seen = _Seen(Kind.WR, writer, name, place)
                yield seen, not _takes_part(sight, versions, pair, name)
        found = pair[0].get(name, 0)
        for other, later in versions.later(name, found).items():
            if other != sight.transaction and _differs(sight, versions, pair, name, later):
                seen = _Seen(Kind.RW, other, name, later)
                yield seen, not _takes_part(sight, versions, pair, name)


def _differs(sight: Sight, versions: Versions, pair: Pair, name: RowName, place: int) -> bool:
    other = tuple({**view, name: place} for view in pair)
    return _asked(sight, versions, (other[0], other[1])) != sight.answer


def _takes_part(sight: Sight, versions: Versions, pair: Pair, name: RowName) -> bool:
    """Whether the row is one of those the answer is made of: without it, there is another."""
    if versions.of[name][pair[0].get(name, 0)].row is None:
        return False
    found, newest = (versions.rows(view, sight.tables) for view in pair)
    return sight.asked(_without(found, name), _without(newest, name)) != sight.answer


def _without(rows: Rows, name: RowName) -> dict[RowName, Row]:
    return {other: row for other, row in rows.items() if other != name}


def _dependency(
    sight: Sight,
    seen: _Seen,
    versions: Versions,
    keys: Mapping[str, tuple[str, ...]],
    *,
    by_predicate: bool,
) -> Dependency:
    table, row = seen.name[0], _readable(seen.name, keys)
    turn = versions.of[seen.name][seen.place].turn
    made = Dependency(
        seen.kind, seen.other, sight.transaction, table, row, turn, sight.turn, by_predicate
    )
    if seen.kind is Kind.WR:
        return made
    return replace(
        made,
        source=made.target,
        target=made.source,
        source_turn=sight.turn,
        target_turn=turn,
    )


def _readable(name: RowName, keys: Mapping[str, tuple[str, ...]]) -> str:
    table, key = name
    if not keys[table]:
        return ""
    return ", ".join(f"{c} = {v}" for c, v in zip(keys[table], key, strict=True))
