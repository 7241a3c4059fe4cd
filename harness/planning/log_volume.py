"""How much log a day writes, how long it takes to roll it forward, how many backups a day needs.

Exam 2024 autumn, afternoon II, question 1, "メディア障害への対策": rows that are added are filled
into pages and cost one I/O a page; a row that is updated costs its page's I/O each time, as the
buffer hit rate is taken as 0. Online backups at even distances cut the log into n + 1 parts, since
the offline backup of the evening before is the beginning of the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.jobs.night import Night


@dataclass(frozen=True, slots=True)
class LogModel:
    """What the exam gives, and what it leaves open.

    Raises:
        UsageError: a value is not above 0.
    """

    rows_per_page: int = 20
    io_ms: float = 10.0
    limit_s: float = 300.0
    """A recovery from the log is to take no longer."""
    io_per_update: int = 1
    """1: the page is read or written; 2: it is read and written back. The exam does not say."""

    def __post_init__(self) -> None:
        for name in ("rows_per_page", "io_ms", "limit_s", "io_per_update"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise UsageError(f"{name} {value:g}: must be above 0")


@dataclass(frozen=True, slots=True)
class LogVolume:
    """What follows for one day."""

    added_rows: int
    updated_rows: int
    unlogged_rows: int
    """Of these, rows of work tables: they had no log before the no-log mode was cancelled."""
    model: LogModel

    @property
    def add_ios(self) -> int:
        """Page I/Os to roll the added rows forward."""
        return math.ceil(self.added_rows / self.model.rows_per_page)

    @property
    def update_ios(self) -> int:
        """Page I/Os to roll the updated rows forward."""
        return self.updated_rows * self.model.io_per_update

    @property
    def seconds(self) -> float:
        """To roll the whole day's log forward."""
        return (self.add_ios + self.update_ios) * self.model.io_ms / 1000

    @property
    def backups(self) -> int:
        """The fewest online backups a day with which no part takes longer than the limit."""
        return max(0, math.ceil(self.seconds / self.model.limit_s) - 1)

    @property
    def longest_part_s(self) -> float:
        """How long the log between two backups takes."""
        return self.seconds / (self.backups + 1)


def log_volumes(night: Night, model: LogModel, ios: Sequence[int] = (1, 2)) -> list[LogVolume]:
    """A day of online programs and the night's jobs, under each reading of an update's I/Os."""
    added = sum(job.added_rows for job in (*night.online, *night.jobs))
    updated = sum(job.updated_rows for job in (*night.online, *night.jobs))
    unlogged = sum(job.rows for job in night.jobs if job.writes and job.writes <= night.no_log)
    models = [LogModel(model.rows_per_page, model.io_ms, model.limit_s, io) for io in ios]
    return [LogVolume(added, updated, unlogged, one) for one in models]
