"""What is known of one cell, and of the shortest execution that broke it. Values only.

A *cell* is scenario × variant × engine × isolation level.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy import URL

from harness.checks.anomaly import Anomaly
from harness.checks.state import State
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.interleave.execution import Deadlock, Execution
from harness.interleave.schedule import Schedule
from harness.interleave.start import Start


@dataclass(frozen=True)
class Target:
    """An empty database of our own on a live server."""

    engine: Engine
    version: str
    source: str
    url: URL
    further: tuple[URL, ...] = ()
    """Empty databases beside it on the same server, one for each further worker."""


@dataclass(frozen=True)
class Finding:
    """An execution that broke something, and how it can be seen again."""

    kind: str
    """'invariant NAME', 'results', 'not serializable' or 'raised'."""
    sentences: tuple[str, ...]
    execution: Execution
    reproduced: bool = False
    """Whether running its schedule again gave the same outcome."""
    state: State | None = None
    """How the execution left the tables."""
    anomaly: Anomaly | None = None
    """The textbook anomaly that it is, if that is known for sure."""

    @property
    def schedule(self) -> Schedule:
        """The turns that lead to it."""
        return self.execution.schedule()

    def length(self) -> tuple[int, int]:
        """How long it is to read: turns, then changes of session."""
        sessions = [turn.session for turn in self.execution.turns]
        switches = sum(before != behind for before, behind in pairwise(sessions))
        return len(sessions), switches


@dataclass
class Cell:
    """What is known of one cell after exploring it."""

    scenario: str
    variant: str
    engine: str
    title: str
    version: str
    source: str
    isolation: Isolation
    verdict: Verdict = Verdict.UNKNOWN
    expected: Verdict | None = None
    executions: int = 0
    possible: int = 0
    """How many possible interleavings the executions stand for."""
    possible_anomalies: int = 0
    """How many of those are broken."""
    possible_waits: int = 0
    possible_deadlocks: int = 0
    complete: bool = False
    outcomes: int = 0
    anomalies: int = 0
    deadlocks: int = 0
    executions_with_waits: int = 0
    aborts: Counter[str] = field(default_factory=Counter)
    finding: Finding | None = None
    deadlock: Deadlock | None = None
    """One of the deadlocks, as the server told it."""
    deadlocked: Execution | None = None
    """The execution in which it was seen."""
    unknown: list[str] = field(default_factory=list)
    """Why the verdict could not be told, each reason once."""
    hints: list[str] = field(default_factory=list)
    """What to look at where it is unknown, each hint once."""
    notes: list[str] = field(default_factory=list)
    """What else was seen of the programs that a person should know."""
    rounds: int = 0
    """Free-running rounds after the search."""
    rounds_broken: int = 0
    programs: dict[str, str] = field(default_factory=dict)
    elapsed_s: float = 0.0
    workers: int = 1
    """How many processes shared the search."""
    latest: Execution | None = None
    """The execution that was counted last, for whoever watches the search."""
    recorded: Execution | None = None
    """The one execution that was run, when a recorded schedule was asked for."""
    start: Start | None = None
    """What every execution started from."""

    def as_expected(self) -> bool:
        """Whether the verdict is no news: what was expected, or 'holds' if nothing was.

        One recorded execution that holds says nothing against a cell that others break.
        """
        if self.recorded is not None and self.verdict is Verdict.HOLDS:
            return True
        return self.verdict is (self.expected or Verdict.HOLDS)

    def add(self, part: Cell) -> None:
        """Count what another worker found in its part of the same search."""
        self.executions += part.executions
        self.possible += part.possible
        self.possible_anomalies += part.possible_anomalies
        self.possible_waits += part.possible_waits
        self.possible_deadlocks += part.possible_deadlocks
        self.anomalies += part.anomalies
        self.deadlocks += part.deadlocks
        self.executions_with_waits += part.executions_with_waits
        self.aborts.update(part.aborts)
        if self.deadlock is None:
            self.deadlock, self.deadlocked = part.deadlock, part.deadlocked
        self.unknown += [reason for reason in part.unknown if reason not in self.unknown]

    def coverage(self) -> str:
        """How much the verdict rests on."""
        if self.recorded is not None:
            return "one recorded execution"
        if not self.complete:
            of = f"{self.executions} of an unknown number of interleavings"
        else:
            run = f" ({self.executions} run)" if self.executions != self.possible else ""
            of = f"{self.possible} of {self.possible} possible interleavings{run}"
        rounds = f", {self.rounds} free-running rounds" if self.rounds else ""
        outcomes = f"{self.outcomes} distinct outcome{'' if self.outcomes == 1 else 's'}"
        return f"{of}, {outcomes}{rounds}"
