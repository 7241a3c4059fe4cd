"""A program to run, and how it ended.

A program is a plain function over what SQLAlchemy gives to get at a database, and decides its own
transaction boundaries. Nothing in it knows the harness.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.outcome import Refusal


class Takes(enum.Enum):
    """What a program is given; all lead to the one connection of its session."""

    CONNECTION = "connection"
    """A `Connection` that is open."""
    SESSION = "session"
    """An ORM `Session`, which is closed behind the program."""
    ENGINE = "engine"
    """An `Engine`: the program opens connections or sessions by itself, one at a time."""
    SESSIONMAKER = "sessionmaker"
    """A `sessionmaker`: the program opens sessions by itself, one at a time."""


@dataclass(frozen=True)
class Program:
    """One program with its request bound: `run` does the whole work, with what it `takes`.

    `isolation` is the level it runs at, as SQLAlchemy spells it ("AUTOCOMMIT" too), where that is
    not the cell's. `expected_errors` are exceptions that belong to the program's contract ("no such
    order"): they are results to compare. Any other exception, when the program runs alone, is a
    program that cannot be judged.
    """

    title: str
    run: Callable[[Any], object]
    expected_errors: tuple[type[BaseException], ...] = ()
    takes: Takes = Takes.CONNECTION
    isolation: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """The program came to its end; `value` is what it returned."""

    value: object
    commits: int = 0

    def readable(self) -> str:
        """A few words for a table."""
        return "returned" if self.value is None else f"returned {self.value!r}"


@dataclass(frozen=True, slots=True)
class ServerRefused:
    """The server refused a transaction and the program gave up."""

    refusal: Refusal
    commits: int = 0

    def readable(self) -> str:
        """A few words for a table."""
        return f"refused by the server ({self.refusal.code}, {self.refusal.kind})"


@dataclass(frozen=True, slots=True)
class Raised:
    """The program ended with an exception of its own."""

    name: str
    message: str
    commits: int = 0
    expected: bool = False
    where: str = field(default="", compare=False, repr=False)
    """The line of the program's own code, for a person: it makes no two ends different."""

    def readable(self) -> str:
        """A few words for a table."""
        return f"raised {self.name}: {self.message}"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The conductor stopped the program: it never ended, misbehaved, or its server went away."""

    reason: str
    commits: int = 0

    def readable(self) -> str:
        """A few words for a table."""
        return f"stopped: {self.reason}"


ProgramEnd = Returned | ServerRefused | Raised | Stopped
