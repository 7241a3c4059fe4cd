"""When a kill comes: at a commit point, inside a statement, or at random.

A moment can be printed and read again, so that one kill of many can be repeated. What the server
does at that moment is its own affair: the same moment meets other work in the next run.
"""

from __future__ import annotations

import enum
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError

_COMMITS = 60
_DELAY_S = 0.8


class Kind(enum.Enum):
    """What the kill is timed by."""

    BEFORE_COMMIT = "before commit"
    """A program has done its work; its commit is never sent: it must not be there."""
    DURING_COMMIT = "during commit"
    """The commit is sent while the kill is under way: either is right."""
    AFTER_COMMIT = "after commit"
    """The commit has just been acknowledged: it must be there."""
    IN_STATEMENT = "in statement"
    """A statement that writes many rows is at work."""
    RANDOM = "at random"
    """So long after the writers have begun, whatever they do."""


KINDS = {
    "commit": (Kind.BEFORE_COMMIT, Kind.DURING_COMMIT, Kind.AFTER_COMMIT),
    "statement": (Kind.IN_STATEMENT,),
    "random": (Kind.RANDOM,),
}
"""What `--at` takes."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When one kill comes."""

    kind: Kind
    commit: int = 0
    """The how-manieth commit of all writers together, counted from the start of the round."""
    part: float = 0.0
    """Of a statement: the part of its usual time after which the kill comes, from 0 to 1."""
    after_s: float = 0.0
    """At random: how long after the first acknowledged commit."""

    def __str__(self) -> str:
        match self.kind:
            case Kind.IN_STATEMENT:
                return f"{self.kind.value} {self.part:.2f}"
            case Kind.RANDOM:
                return f"{self.kind.value} {self.after_s:.3f}"
            case _:
                return f"{self.kind.value} {self.commit}"

    @classmethod
    def parse(cls, text: str) -> Moment:
        """A moment as it was printed.

        >>> print(Moment.parse("after commit 17"), "|", Moment.parse("at random 0.25"))
        after commit 17 | at random 0.250

        Raises:
            UsageError: it is none.
        """
        kinds = "|".join(kind.value for kind in Kind)
        found = re.fullmatch(rf"({kinds}) (\d+(?:\.\d+)?)", text.strip())
        if found is None:
            raise UsageError(
                f"moment {text!r}: unknown",
                "'before commit 9', 'during commit 9', 'after commit 9', 'in statement 0.50', "
                "'at random 0.250'",
            )
        kind, number = Kind(found[1]), float(found[2])
        match kind:
            case Kind.IN_STATEMENT:
                moment = cls(kind, part=number)
            case Kind.RANDOM:
                moment = cls(kind, after_s=number)
            case _:
                moment = cls(kind, commit=int(number))
        return moment._seen()

    def _seen(self) -> Moment:
        if self.kind is Kind.IN_STATEMENT and self.part > 1:
            raise UsageError(f"moment '{self}': a part of a statement is between 0 and 1")
        if self.kind.value.endswith("commit") and self.commit < 1:
            raise UsageError(f"moment '{self}': commits are counted from 1")
        return self


def moments(kills: int, seed: int, kinds: Sequence[Kind] = tuple(Kind)) -> list[Moment]:
    """So many moments, each kind as often as the others; the same for the same seed.

    >>> [moment.kind.name for moment in moments(3, seed=1, kinds=KINDS["commit"])]
    ['BEFORE_COMMIT', 'DURING_COMMIT', 'AFTER_COMMIT']
    """
    lot = random.Random(seed)
    return [_moment(kinds[number % len(kinds)], lot) for number in range(kills)]


def _moment(kind: Kind, lot: random.Random) -> Moment:
    # Rounded as they are printed, so that a moment that is read again is the same.
    match kind:
        case Kind.IN_STATEMENT:
            return Moment(kind, part=round(lot.uniform(0.05, 0.8), 2))
        case Kind.RANDOM:
            return Moment(kind, after_s=round(lot.uniform(0.0, _DELAY_S), 3))
        case _:
            return Moment(kind, commit=lot.randint(1, _COMMITS))
