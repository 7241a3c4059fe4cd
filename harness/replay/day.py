"""What a package brings to be replayed: programs, their daily numbers, the batch beside them.

Packages bring days by an entry point in the group `harness.replays` that names a `Day`. Functions
and requests travel to other processes, so they must be picklable: functions of a module, values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from harness.checks.invariant import Invariant
from harness.scenario import brought_in_by_name

GROUP = "harness.replays"

SPARE = 20
"""Requests of each program beyond the day's number, which are run alone to measure log bytes."""


@dataclass(frozen=True, slots=True)
class OnlineProgram:
    """A program that a request starts: `run(connection, request)` is the whole of it."""

    name: str
    title: str
    run: Callable[[Connection, Any], object]
    daily: int
    """Requests of a day at scale 1."""
    expected_errors: tuple[type[BaseException], ...] = ()
    """What belongs to its contract ("no such contract"): the request is declined."""


@dataclass(frozen=True, slots=True)
class Job:
    """A batch program with its request bound; `run(connection)` is the whole of it."""

    name: str
    """The program's name; parallel jobs of one program share it."""
    title: str
    run: Callable[[Connection], object]
    due_s: float | None = None
    """When it begins in online time, counted as `Day.opens_s`; None for as soon as it can."""


Stage = Sequence[Job]
"""Jobs that run at once; the next stage begins when all have ended, and they are due."""


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows added, updated and deleted in a day."""

    added: int
    updated: int
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is replayed on one database that has been prepared for it."""

    requests: Mapping[str, Sequence[Any]]
    """For each online program its requests, in the order in which they are handed out.

    `SPARE` more than the day's number or, where the database does not have so many, fewer."""
    stages: Sequence[Stage]
    """The batch, in its order."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """On what a day is prepared."""

    scale: float
    seed: int
    business_date: date
    folder: Path
    """An empty folder for the files that batch programs read and write."""

    def of_day(self, at_scale_1: int) -> int:
        """A day's number at this scale, at least one."""
        return max(1, round(at_scale_1 * self.scale))


@dataclass(frozen=True)
class Day:
    """A day of one system."""

    name: str
    title: str
    dataset: str
    """The dataset that is loaded (group `harness.datasets`)."""
    opens_s: float
    """When online time begins, in seconds after midnight."""
    closes_s: float
    programs: Mapping[str, OnlineProgram]
    prepare: Callable[[Connection, Circumstances], Prepared]
    """Bring freshly loaded tables to the morning of the day; what to replay on them.

    The same for the same circumstances. Raises ValueError if the database is too small."""
    jobs: Mapping[str, str] = field(default_factory=dict)
    """The batch programs and their titles, in their order."""
    source: str = ""
    """Where the expected row counts are from: 'exam tables 2 and 3'."""
    expected_rows: Mapping[str, RowCounts] = field(default_factory=dict)
    """What each program adds and updates in a day at scale 1."""
    invariants: Sequence[Invariant] = ()
    """Observed before the first request and after the last."""

    @property
    def length_s(self) -> float:
        """How long online time is."""
        return self.closes_s - self.opens_s


def days() -> Mapping[str, Day]:
    """All days that installed packages bring, by name.

    Raises:
        HarnessError: a package's day does not import.
    """
    return brought_in_by_name(GROUP)
