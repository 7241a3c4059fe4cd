"""The versions of rows that one execution made, in the order in which they took effect.

Writers of one row exclude each other until they end, on every engine, so that order is also the
order of versions. A *view* says for each row which of its versions is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.checks.state import Row
from harness.interleave.model import RowName

View = Mapping[RowName, int]


@dataclass(frozen=True, slots=True)
class Version:
    """How a row was left by a transaction; None where the row is not there."""

    writer: str | None
    """None: it was there at first."""
    row: Row | None
    turn: int


class Versions:
    """All versions of all rows, which are the latest, and which are committed."""

    def __init__(self, first: Mapping[RowName, Row]) -> None:
        self.of = {name: [Version(None, row, 0)] for name, row in first.items()}
        self.latest: dict[RowName, int] = dict.fromkeys(first, 0)
        self.committed: dict[RowName, int] = dict.fromkeys(first, 0)
        self.aborted: set[str] = set()
        self.ended_well: set[str] = set()

    def write(self, name: RowName, version: Version) -> None:
        """Add a version as the latest."""
        if name not in self.of:
            self.of[name] = [Version(None, None, 0)]
            self.committed[name] = 0
        self.of[name].append(version)
        self.latest[name] = len(self.of[name]) - 1

    def commit(self, writer: str) -> None:
        """A transaction's versions are committed."""
        self.ended_well.add(writer)
        for name, place in self.latest.items():
            if self.of[name][place].writer == writer:
                self.committed[name] = place

    def undo(self, writer: str) -> None:
        """A transaction's versions are gone; who has read one has read what never was."""
        self.aborted.add(writer)
        for name, place in self.latest.items():
            if self.of[name][place].writer == writer:
                self.latest[name] = self.before(name, place)

    def before(self, name: RowName, place: int) -> int:
        """The version that stood before the writer of this one came; 0 is the oldest."""
        writer = self.of[name][place].writer
        while place and self.of[name][place].writer in (writer, *self.aborted):
            place -= 1
        return place

    def rows(self, view: View, tables: Iterable[str]) -> dict[RowName, Row]:
        """The rows of some tables in a view."""
        wanted = set(tables)
        return {
            name: row
            for name, place in view.items()
            if name[0] in wanted and (row := self.of[name][place].row) is not None
        }

    def with_own(self, view: View, writer: str) -> dict[RowName, int]:
        """A view of committed rows, with the transaction's own latest versions over it."""
        own = {
            name: place
            for name, place in self.latest.items()
            if self.of[name][place].writer == writer
        }
        return {**view, **own}

    def later(self, name: RowName, place: int) -> dict[str, int]:
        """Committed writers of later versions of a row, each with its last."""
        found = {}
        for number, version in enumerate(self.of[name]):
            if number > place and version.writer in self.ended_well:
                found[str(version.writer)] = number
        return found

    def changed(self, tables: Iterable[str]) -> list[RowName]:
        """The rows of some tables of which there is more than one version."""
        wanted = set(tables)
        return [name for name, some in self.of.items() if name[0] in wanted and len(some) > 1]
