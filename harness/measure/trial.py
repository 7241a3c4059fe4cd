"""What is run once and measured, and what came of it. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection

from harness.checks.verdict import Verdict
from harness.engines.measuring import LockUse
from harness.replay.latency import Durations

Program = Callable[[Connection], object]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at the tables found."""

    wrong: tuple[str, ...] = ()
    """In sentences; empty if all is right."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What was counted, by name."""


Check = Callable[[Connection], Checked]
"""Compares the tables after a trial with what is right."""

Around = Callable[[Connection], AbstractContextManager[object]]
"""Makes the tables others before a trial, with the same rows, and what they were after it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A batch program with its request bound. It goes to another process, so it can be pickled."""

    title: str
    run: Program


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests that arrive one after the other, at random, independently of how long each takes."""

    title: str
    rate_per_s: float
    """On average."""
    programs: Sequence[Program]
    """What is asked, in the order of arrival; from the first again if there are too few."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Jobs that start together, and streams that go on until the last of them has ended."""

    check: Check
    jobs: Sequence[Job] = ()
    streams: Sequence[Stream] = ()
    alone_s: float = 0.0
    """The streams go on for so long at the least, whether jobs are still running or not."""
    kill_after: int | None = None
    """The session of the first job is ended after so many statements, and the job run again."""
    around: Around | None = None
    """Nothing of it is measured; the check is within."""


@dataclass(frozen=True, slots=True)
class Case:
    """A variant with what belongs to it: one row of a report."""

    variant: str
    sentence: str
    setting: str
    """What the variant is run with, as a table shows it: rows for each commit, number of jobs."""
    trials: Mapping[str, Trial]
    breaks: bool = False
    """Whether it is known that it can lose something or be refused: a violation is no news then."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a job, from its beginning to its end."""

    end: Literal["returned", "refused", "killed", "raised"]
    said: str = ""
    """The server's code, or what else ended it."""
    kind: str = ""
    """What kind of refusal it was."""


@dataclass(frozen=True, slots=True)
class JobDone:
    """What came of a job."""

    title: str
    started_s: float
    """On a clock that all processes of the machine share."""
    ended_s: float
    attempts: tuple[Attempt, ...]

    @property
    def refusals(self) -> Counter[str]:
        """How often the server refused, by code."""
        return Counter(attempt.said for attempt in self.attempts if attempt.end == "refused")


@dataclass(frozen=True, slots=True)
class StreamDone:
    """What came of a stream's requests."""

    title: str
    waits: Durations
    """Of every request that was answered or refused, from its intended start."""
    lags: Durations
    """How much later than intended each was handed over."""
    refusals: Mapping[str, int]
    """How often the server refused, by code."""
    timeouts: frozenset[str] = frozenset()
    """Those codes that say: waited too long for a lock, or in a circle."""
    errors: tuple[str, ...] = ()
    """What else went wrong."""
    unanswered: int = 0
    """Requests that were still under way when waiting was given up."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a trial."""

    jobs: tuple[JobDone, ...]
    streams: tuple[StreamDone, ...]
    log_bytes: Mapping[str, int]
    """What each log of the server grew by."""
    lock_use: LockUse | None
    """The most that was seen at one moment; None if the engine does not say."""
    broken: tuple[str, ...]
    unknown: tuple[str, ...]
    figures: Mapping[str, float] = field(default_factory=dict)
    """What the check counted."""

    @property
    def elapsed_s(self) -> float | None:
        """From the start of the first job to the end of the last."""
        if not self.jobs:
            return None
        return max(job.ended_s for job in self.jobs) - min(job.started_s for job in self.jobs)

    @property
    def refusals(self) -> Counter[str]:
        """How often the server refused jobs, by code."""
        return sum((job.refusals for job in self.jobs), Counter[str]())

    @property
    def verdict(self) -> Verdict:
        """Violated if something is wrong; unknown if the run does not show it."""
        if self.broken:
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.unknown else Verdict.HOLDS
