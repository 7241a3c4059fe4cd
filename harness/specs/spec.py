"""A spec as values, and as text. The format is that of PostgreSQL's src/test/isolation/README."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

KEYWORDS = frozenset({"notices", "permutation", "session", "setup", "step", "teardown"})
_PLAIN = re.compile(r"[^\W\d][\w$]*")


@dataclass(frozen=True, slots=True)
class SpecStep:
    """A named block of SQL. A step without SQL is allowed: it waits for its session's last one."""

    name: str
    sql: str

    def __str__(self) -> str:
        return f"step {quoted(self.name)} {block(self.sql)}"


@dataclass(frozen=True, slots=True)
class SpecSession:
    """One connection: what it does before a permutation, its steps, what it does behind."""

    name: str
    steps: tuple[SpecStep, ...]
    setup: str | None = None
    teardown: str | None = None

    def __str__(self) -> str:
        before = [] if self.setup is None else [f"setup {block(self.setup)}"]
        behind = [] if self.teardown is None else [f"teardown {block(self.teardown)}"]
        return "\n".join([f"session {quoted(self.name)}", *before, *map(str, self.steps), *behind])


@dataclass(frozen=True, slots=True)
class Once:
    """`(*)`: the step is reported waiting as soon as it is sent, whatever becomes of it."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Behind:
    """`(other)`: the step is not reported completed while the other is under way."""

    step: str

    def __str__(self) -> str:
        return quoted(self.step)


@dataclass(frozen=True, slots=True)
class AfterNotices:
    """`(other notices 2)`: nor before the other's session has sent so many notices since."""

    step: str
    number: int

    def __str__(self) -> str:
        return f"{quoted(self.step)} notices {self.number}"


Marker = Once | Behind | AfterNotices


@dataclass(frozen=True, slots=True)
class Place:
    """A step's place in a permutation, with what its report has to wait for."""

    step: str
    markers: tuple[Marker, ...] = ()

    def __str__(self) -> str:
        if not self.markers:
            return quoted(self.step)
        return f"{quoted(self.step)}({', '.join(map(str, self.markers))})"


@dataclass(frozen=True, slots=True)
class Permutation:
    """Steps in the order in which they are sent; it may repeat some and leave others out."""

    places: tuple[Place, ...]

    def __str__(self) -> str:
        return " ".join(["permutation", *map(str, self.places)])


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole file. Names of sessions and of steps are unique; a parser has seen to it."""

    sessions: tuple[SpecSession, ...]
    setups: tuple[str, ...] = ()
    teardown: str | None = None
    permutations: tuple[Permutation, ...] = ()

    def __str__(self) -> str:
        """The text of it, which a parser reads as the same value.

        >>> print(Spec((SpecSession("s1", (SpecStep("a b", " select 1"),)),)))
        session s1
        step "a b" { select 1 }
        <BLANKLINE>
        """
        parts = [f"setup {block(sql)}" for sql in self.setups]
        parts += [] if self.teardown is None else [f"teardown {block(self.teardown)}"]
        parts += map(str, self.sessions)
        if self.permutations:
            parts.append("\n".join(map(str, self.permutations)))
        return "\n\n".join(parts) + "\n"

    def step(self, name: str) -> SpecStep:
        """The step of that name."""
        return next(s for session in self.sessions for s in session.steps if s.name == name)

    def session_of(self, step: str) -> SpecSession:
        """The session that takes the step of that name."""
        return next(s for s in self.sessions if any(step == own.name for own in s.steps))

    def unused_steps(self) -> Sequence[str]:
        """Steps that no permutation takes, though some are listed."""
        if not self.permutations:
            return []
        used = {place.step for permutation in self.permutations for place in permutation.places}
        return [s.name for session in self.sessions for s in session.steps if s.name not in used]

    def every_permutation(self) -> Iterator[Permutation]:
        """Every order of all steps that keeps each session's own, possible or not.

        >>> one, two = (SpecSession(n, (SpecStep(n, "select 1"),)) for n in ("a", "b"))
        >>> [str(permutation) for permutation in Spec((one, two)).every_permutation()]
        ['permutation a b', 'permutation b a']
        """
        piles = [[Place(step.name) for step in session.steps] for session in self.sessions]
        return map(Permutation, _merged(piles))


def _merged(piles: list[list[Place]]) -> Iterator[tuple[Place, ...]]:
    if not any(piles):
        yield ()
    for number, pile in enumerate(piles):
        if pile:
            rest = [*piles[:number], pile[1:], *piles[number + 1 :]]
            yield from ((pile[0], *behind) for behind in _merged(rest))


def quoted(name: str) -> str:
    """A name as a spec writes it.

    >>> print(quoted("s1"), quoted("step"), quoted('a "b"'))
    s1 "step" "a ""b\"""
    """  # noqa: D300 - a name's quotes are doubled
    if _PLAIN.fullmatch(name) and name not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def block(sql: str) -> str:
    """SQL as a spec writes it. Blanks next to the braces do not count, line ends do."""
    return "{ " + sql.strip(BLANKS) + " }"


BLANKS = " \t\r\f\v"
"""What a spec skips between words, beside the end of a line."""
