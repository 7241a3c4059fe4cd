"""A job of the night, as the planners see it: what it needs, touches and writes. Pure values."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Rerun(enum.Enum):
    """What a job does when it is run again although its work is in the tables."""

    REFUSES = "is refused if its work is done"
    """A key or a mark in its own transaction refuses it: nothing is changed."""
    GOES_ON = "skips what is done and does the rest"
    REPEATS = "does the same again, with the same outcome"
    DOUBLES = "would do its work twice"


@dataclass(frozen=True, slots=True)
class Job:
    """One application program in the night.

    `reads` and `writes` are tables, from the CRUD matrix. `added_rows` and `updated_rows` are what
    it writes in a night; the predictions rest on them.
    """

    name: str
    title: str
    after: frozenset[str] = frozenset()
    """Jobs whose outcome it reads: they end before it begins, wherever they are placed."""
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    added_rows: int = 0
    updated_rows: int = 0
    commit_rows: int | None = None
    """Rows written between two commits; None if it commits once, at its end."""
    rerun: Rerun = Rerun.REFUSES

    @property
    def rows(self) -> int:
        """Rows written in a night."""
        return self.added_rows + self.updated_rows

    @property
    def uncommitted_rows(self) -> int:
        """The most rows that are written and not committed at any time."""
        return self.rows if self.commit_rows is None else min(self.commit_rows, self.rows)
