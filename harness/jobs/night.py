"""A night: what a package brings, so that it can be planned and run.

Packages bring nights by an entry point in the group `harness.nights` that names a function
returning them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData

from harness.errors import UsageError
from harness.jobs.job import Job
from harness.jobs.network import Network, Placement, Undisturbed, build
from harness.loading.dataset import Generated
from harness.scenario import brought_in, choose

GROUP = "harness.nights"

Program = Callable[[Connection], object]


@dataclass(frozen=True)
class Prepared:
    """One night at one size: the data it starts from, and the programs with their requests bound.

    `redefine` drops tables and creates them again, empty; it commits by itself. `already_done` are
    errors by which a program refuses work that is done. They count as done of a job that refuses to
    run twice and of which a commit was sent before, and as a failure otherwise; of the server's own
    refusals among them only a key that is there already.
    """

    dataset: Generated
    programs: Mapping[str, Program]
    redefine: Callable[[Connection, Collection[str]], None]
    already_done: tuple[type[BaseException], ...] = ()
    written_files: Callable[[], Mapping[str, bytes]] = dict
    """What the programs have written beside the database: content by name."""


@dataclass(frozen=True)
class Night:
    """What `harness plan` and `harness replay night` work on."""

    name: str
    title: str
    source: str
    jobs: Sequence[Job]
    milestones: Sequence[str]
    placements: Mapping[str, Placement]
    """By name; the first is the default."""
    metadata: MetaData
    """Columns whose `info` says `filled_by: clock` are the server's: no digest compares them."""
    no_log: frozenset[str]
    """Tables that may be without log: work tables, which are redefined before the night."""
    prepare: Callable[[float, int, date, Path], Prepared]
    """For a scale, a seed, the business date and a folder for files that programs read and write.
    Writes the files that are read. Raises ValueError if a value is out of bounds."""
    table_titles: Mapping[str, str] = field(default_factory=dict)
    table_order: Sequence[str] = ()
    """The tables that are backed up, and the work tables, as the source has its columns."""
    undisturbed: Sequence[Undisturbed] = ()
    online: Sequence[Job] = ()
    """The programs of the day, for what they write: no network places them."""

    def network(self, placement: str | None = None) -> Network:
        """The graph under one of the placements.

        Raises:
            UsageError: there is no such placement, or the graph is wrong.
        """
        name = placement if placement is not None else next(iter(self.placements))
        choose("placement", name, self.placements)
        return build(self.jobs, self.milestones, self.placements[name], self.undisturbed)

    def prepared(self, scale: float, seed: int, business_date: date, folder: Path) -> Prepared:
        """The data and the programs, with a folder for their files.

        Raises:
            UsageError: the scale, the seed or the date is out of bounds.
        """
        try:
            return self.prepare(scale, seed, business_date, folder)
        except ValueError as error:
            raise UsageError(str(error)) from None

    def titled(self, name: str) -> str:
        """A job or a table with what its users call it."""
        titles: dict[str, Any] = {job.name: job.title for job in self.jobs}
        title = titles.get(name) or self.table_titles.get(name)
        return f"{name} ({title})" if title else name


def nights() -> Mapping[str, Night]:
    """All nights that installed packages bring, by name.

    Raises:
        HarnessError: a package's nights do not import.
    """
    return {night.name: night for brought in brought_in(GROUP) for night in brought()}


def chosen_night(name: str | None) -> Night:
    """The night of that name, or the only one.

    Raises:
        UsageError: there is none of that name.
    """
    known = nights()
    if name is not None:
        choose("night", name, known)
        return known[name]
    if not known:
        raise UsageError("night: no installed package brings one")
    return next(iter(known.values()))
