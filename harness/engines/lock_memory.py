"""What the memory for locks holds, how large it must be, and how a server says that it is full.

Exam 2024 autumn, afternoon II, question 1, RDBMS specification 8: locks take memory for each row or
table that is locked at one time, until the commit. The engines differ in what a lock in that memory
is, so each says it in a sentence, and brings a table on which a known number of them can be held.

Pure knowledge: statements, and the number of an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LockNeed:
    """What all transactions hold at once, as measured or planned."""

    locks: int
    """In the server's own count, which is not that of rows."""
    memory_bytes: int
    """Their memory; 0 if the server does not show it."""


@dataclass(frozen=True)
class LockMemory:
    """The memory that all sessions of a server share for their locks."""

    sentence: str
    """What is held there, and what is not."""
    lock: str
    """What one lock is in the drill's table: 'page of rows'."""
    setting: str
    """The setting that bounds it."""
    too_small: Mapping[str, str]
    """Server settings with the least memory that the server starts with."""
    locks: int
    """So many for a job, and a handful of jobs fills that memory."""
    create: Callable[[str, int], Sequence[str]]
    """Statements that make a table of this name, with so many places; each is a lock if locked."""
    share: Callable[[str, int, int], str]
    """A query that shares the locks of that table's places from the first to below the last."""
    row_bytes: int
    """Memory of a locked row that shares its structure with no other; 0 if a row takes none."""
    held: str
    """A query for the locks that all other sessions hold now, and their bytes (0: not shown)."""
    enough: Callable[[LockNeed], Mapping[str, str]]
    """The settings with which so many locks can be held at once."""
    full: Callable[[BaseException], str]
    """The number of a driver's error that says that the memory is full; empty for any other."""
