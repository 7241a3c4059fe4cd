"""Serial equivalence: an execution must match some serial order of the same programs.

An execution is an anomaly if its final tables and its programs' results match no serial order of
them on the same engine (Papadimitriou 1979, view of final state; here results are compared too). A
program that the server refused counts as not having run, or as far as its last acknowledged commit;
its result is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from harness.checks.state import State, TableShape, canonical, differences, masked
from harness.programs import ProgramEnd, Raised, Returned, ServerRefused


@dataclass(frozen=True, slots=True)
class Part:
    """One program's part in a serial order: whole, or no further than some commits."""

    name: str
    commits: int | None = None

    def readable(self) -> str:
        """The name, with how far it goes.

        >>> Part("T1", 2).readable()
        'T1 (2 commits)'
        """
        if self.commits is None:
            return self.name
        return f"{self.name} ({self.commits} commit{'' if self.commits == 1 else 's'})"


Order = tuple[Part, ...]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""Where an object without a representation of its own happens to lie in memory."""


@dataclass(frozen=True)
class Outcome:
    """How one execution ended: the tables, and each program's end."""

    ends: Mapping[str, ProgramEnd]
    state: State


def result_of(end: ProgramEnd) -> object:
    """What of a program's end is compared: its value, or the error it raised.

    >>> result_of(Returned(5, commits=1)) == result_of(Returned(5, commits=2))
    True
    """
    if isinstance(end, Returned):
        return ("returned", _ADDRESS.sub("", repr(end.value)))
    if isinstance(end, Raised):
        return ("raised", end.name)
    return (type(end).__name__,)


def fingerprint(
    outcome: Outcome, shapes: Sequence[TableShape], fixture: State | None = None
) -> object:
    """A value that is equal for executions that cannot be told apart by their outcome."""
    ends = tuple(
        (name, ("refused", end.refusal.code) if isinstance(end, ServerRefused) else result_of(end))
        for name, end in sorted(outcome.ends.items())
    )
    return ends, canonical(outcome.state, shapes, fixture)


def parts_of(ends: Mapping[str, ProgramEnd]) -> frozenset[Part]:
    """Which programs a serial order must hold to be compared with these ends.

    >>> from harness.outcome import Refusal
    >>> refused = ServerRefused(Refusal("deadlock", "40P01", True, True), commits=0)
    >>> parts_of({"T1": Returned(None), "T2": refused})
    frozenset({Part(name='T1', commits=None)})
    """
    parts = set()
    for name, end in ends.items():
        if not isinstance(end, ServerRefused):
            parts.add(Part(name))
        elif end.commits:
            parts.add(Part(name, end.commits))
    return frozenset(parts)


def orders_of(parts: frozenset[Part]) -> Iterator[Order]:
    """Every serial order of these parts.

    >>> [[p.name for p in o] for o in orders_of(frozenset({Part("T1"), Part("T2")}))]
    [['T1', 'T2'], ['T2', 'T1']]
    """
    return permutations(sorted(parts, key=lambda part: part.name))


def matches(
    outcome: Outcome,
    serial: Outcome,
    order: Order,
    shapes: Sequence[TableShape],
    fixture: State | None = None,
) -> bool:
    """Whether an execution's outcome is that of a serial order."""
    same_results = all(
        result_of(outcome.ends[part.name]) == result_of(serial.ends[part.name])
        for part in order
        if part.commits is None
    )
    return same_results and (
        canonical(outcome.state, shapes, fixture) == canonical(serial.state, shapes, fixture)
    )


def contradiction(
    outcome: Outcome,
    serials: Mapping[Order, Outcome],
    shapes: Sequence[TableShape],
    fixture: State | None = None,
) -> list[str]:
    """One sentence for each serial order, saying why the execution is not that one."""

    def without_new_numbers(told: Outcome) -> Outcome:
        return Outcome(told.ends, masked(told.state, shapes, fixture))

    now = without_new_numbers(outcome)
    return [
        f"{_title(order)}: no, because {_reason(now, without_new_numbers(serial), order, shapes)}."
        for order, serial in serials.items()
    ]


def _title(order: Order) -> str:
    if not order:
        return "No program"
    names = [part.readable() for part in order]
    return f"Only {names[0]}" if len(names) == 1 else " before ".join(names)


def _reason(outcome: Outcome, serial: Outcome, order: Order, shapes: Sequence[TableShape]) -> str:
    clock = {shape.name: shape.clock for shape in shapes}
    for difference in differences(serial.state, outcome.state, shapes):
        if difference.before is None or difference.after is None:
            where = "there would be" if difference.after is None else "there would not be"
            row = difference.before if difference.before is not None else difference.after
            return f"{where} a row {row!r} in {difference.table}"
        for column, then, now in zip(
            difference.columns, difference.before, difference.after, strict=True
        ):
            if then != now and column not in clock[difference.table]:
                return f"{difference.table}.{column} would be {then}, and is {now}"
    for part in order:
        then_end, now_end = serial.ends[part.name], outcome.ends[part.name]
        if part.commits is None and result_of(then_end) != result_of(now_end):
            return f"{part.name} would have {then_end.readable()}, and has {now_end.readable()}"
    return "new rows would refer to one another in another way"
