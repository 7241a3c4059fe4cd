"""What a planted bug is, and the few words its programs are written with.

A *base* is a set of programs that are right, with the tables they work on. A *planted* entry is the
same programs with one small mutation, and what is known of it by reasoning: at which level which
engines let it break. An engine that is not named holds, be it by a wait, a deadlock or a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from harness.engines import Isolation

RC, RR = Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ

NONE: frozenset[str] = frozenset()
ALL = frozenset({"mysql", "mariadb", "postgresql"})
MYSQL = frozenset({"mysql"})
"""At repeatable read it alone writes over what a snapshot has not seen; the others refuse that."""
POSTGRESQL = frozenset({"postgresql"})
"""It alone has no lock on what is not there yet, and a snapshot from the very first statement."""

Function = Callable[[Connection], object]
Setup = Callable[[Connection], None]


@dataclass(frozen=True)
class Planted:
    """One mutation: where it breaks, and why there and not elsewhere."""

    name: str
    programs: Sequence[Function]
    why: str
    rc: frozenset[str] = NONE
    """The engines that let it break at read committed."""
    rr: frozenset[str] = NONE
    """The same at repeatable read."""
    setup: Setup | None = None
    """Makes other tables than the base's, where the mutation is in them."""

    def breaks_on(self, engine: str, isolation: Isolation) -> bool:
        return engine in {RC: self.rc, RR: self.rr}[isolation]

    @property
    def is_harmless(self) -> bool:
        return not self.rc | self.rr


@dataclass(frozen=True)
class Base:
    """Programs that are right on every engine at both levels, and their mutations."""

    name: str
    setup: Setup
    programs: Sequence[Function]
    planted: Sequence[Planted]

    def all(self) -> Mapping[str, Planted]:
        """The mutations, and the base itself as one that breaks nowhere, by full name."""
        right = Planted("as-it-should-be", self.programs, "The base: right everywhere.")
        return {f"{self.name}/{entry.name}": entry for entry in (right, *self.planted)}


def twice(program: Callable[..., object], **asked: Any) -> list[Function]:
    """The same program, two times at once."""
    return [partial(program, **asked)] * 2


def ask(connection: Connection, query: str, **values: object) -> Any:
    """The first value of the first row; None if there is none."""
    return connection.scalar(text(query), values)


def do(connection: Connection, statement: str, **values: object) -> int:
    """Run a statement; how many rows it touched."""
    return connection.execute(text(statement), values).rowcount


def making(*statements: str) -> Setup:
    """A setup out of statements."""

    def setup(connection: Connection) -> None:
        for statement in statements:
            do(connection, statement)

    return setup
