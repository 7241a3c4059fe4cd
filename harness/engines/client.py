"""The engine's own command-line client, as a person at a terminal uses it. Pure knowledge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.engines.engine import Isolation


@dataclass(frozen=True)
class Client:
    """Which program it is, and what is typed into it before and around a program's steps."""

    program: str
    """Its name: 'psql'."""
    connect: Callable[[str], tuple[str, ...]]
    """The words that start it on a database; the user adds host, port and name as needed."""
    batch: tuple[str, ...]
    """Options with which it reads its standard input and answers each statement at once."""
    isolation: Callable[[Isolation], str]
    """The statement that gives the session its isolation level, for all its transactions."""
    preamble: tuple[str, ...]
    """Statements with which every session of the harness begins, too."""
    begin: str
    """The statement that begins a transaction."""
    literal: Callable[[object], str]
    """A parameter's value as the driver itself would write it into a statement.

    Raises TypeError or ValueError for a value that cannot be written.
    """
    exactly: tuple[str, ...]
    """Statements before rows are loaded, so that a row numbered 0 keeps its number."""
