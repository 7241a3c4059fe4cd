"""How a night is run: in which network, with what at its milestones, how many jobs at once."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from harness.checks.verdict import Verdict
from harness.engines.engine import Isolation
from harness.jobs.backup import Backups
from harness.jobs.ledger import Entry
from harness.jobs.meter import JobUse
from harness.jobs.network import Network
from harness.jobs.waits import LockWait


class Action(enum.Enum):
    """What is done at a milestone, before anything behind it begins."""

    NOTHING = "nothing"
    CHECKPOINT = "checkpoint"
    BACKUP = "backup"
    """Copies of the tables that have changed since the milestone before (exam table 5)."""
    BOTH = "checkpoint+backup"

    @property
    def checkpoints(self) -> bool:
        """Whether a checkpoint is taken."""
        return self in {Action.CHECKPOINT, Action.BOTH}

    @property
    def backs_up(self) -> bool:
        """Whether tables are copied."""
        return self in {Action.BACKUP, Action.BOTH}


@dataclass(frozen=True)
class Course:
    """How to run a night; the data it runs on are loaded already."""

    network: Network
    actions: Mapping[str, Action] = field(default_factory=dict)
    """By milestone; nothing where it is not named."""
    redefine: frozenset[str] = frozenset()
    """Tables to redefine at the first milestone."""
    sessions: int = 4
    """The most jobs at once; 1 runs them one after the other, in the order of the network."""
    isolation: Isolation = Isolation.READ_COMMITTED
    backups: Backups | None = None
    """Where copies of tables go; needed if a milestone asks for them."""
    attempts: int = 3
    """How often a job is run that the server refuses for a reason that may pass (deadlock)."""
    job_limit_s: float = 6 * 3600.0
    """The longest to wait for one of the jobs at work to end: what hangs is unknown."""


class Outcome(enum.Enum):
    """How a job ended in one run of the night."""

    ENDED = "ended"
    DONE_BEFORE = "done before"
    """Refused, as it had been committed by a run that was not told of it."""
    FAILED = "failed"
    LOST = "lost"
    """Its connection was gone; what its last commit came to is not known."""
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class JobEnd:
    """One job in one run of the night."""

    job: str
    outcome: Outcome
    detail: str = ""
    """What it returned, or why it failed."""
    began: datetime | None = None
    ended: datetime | None = None
    units: int = 0
    """Commits that were acknowledged."""

    @property
    def elapsed_s(self) -> float:
        """How long it was at work; 0 if it did not begin."""
        if self.began is None or self.ended is None:
            return 0.0
        return (self.ended - self.began).total_seconds()


@dataclass(frozen=True)
class NightRun:
    """What one run of the night came to."""

    ends: Mapping[str, JobEnd]
    """Of the jobs that this run was to do, in the order of the network."""
    entries: tuple[Entry, ...]
    """The whole ledger, earlier runs included."""
    waits: tuple[LockWait, ...] = ()
    stopped: str = ""
    """Why no more was begun; empty if the night was finished."""
    blind: str = ""
    uses: Mapping[str, JobUse] = field(default_factory=dict)
    """What each job took, where they ran one after the other."""

    @property
    def finished(self) -> bool:
        """Whether every job ended and every milestone was passed."""
        return not self.stopped

    @property
    def verdict(self) -> Verdict:
        """Holds if the night was finished; violated if a job failed; unknown if it was cut off."""
        outcomes = {end.outcome for end in self.ends.values()}
        if Outcome.FAILED in outcomes:
            return Verdict.VIOLATED
        return Verdict.HOLDS if self.finished else Verdict.UNKNOWN


Program = Callable[[Connection], object]
