"""One execution: what happened, turn by turn. Values only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.checks.deadlock import Advice, Member
from harness.interleave.schedule import Schedule, ScheduledTurn
from harness.locks import AwaitedLock, DeadlockReport, Wait
from harness.outcome import Refusal
from harness.programs import ProgramEnd, ServerRefused
from harness.sessions.step import Effect, Step


@dataclass(slots=True)
class Turn:
    """One step: who took it, what it asked, whether it had to wait, and what came of it."""

    number: int
    session: str
    step: Step
    movable: tuple[str, ...]
    wait: Wait | None = None
    effect: Effect | None = None
    settled_in: int | None = None
    """The number of the turn in which the answer came: its own, or that of who let it go on."""


@dataclass(frozen=True, slots=True)
class Deadlock:
    """A deadlock as it was seen: who waited for whom, and what the server did about it."""

    turn: int
    victim: str
    refusal: Refusal
    cycle: tuple[str, ...]
    lines: tuple[str, ...] = ()
    locks: tuple[AwaitedLock, ...] = ()
    """What each member waited for, as the server tells it."""
    members: tuple[Member, ...] = ()
    """What each had and wanted, as far as it could be worked out."""
    advice: Advice | None = None
    """What would remove it."""

    @classmethod
    def of(cls, report: DeadlockReport, turn: int, victim: str, refusal: Refusal) -> Deadlock:
        """A deadlock from the server's report."""
        return cls(turn, victim, refusal, report.cycle, report.lines, report.locks)


@dataclass(frozen=True, slots=True)
class Observation:
    """What an invariant's query saw after a turn (0: before the first)."""

    after_turn: int
    values: tuple[object, ...]


@dataclass(slots=True)
class Execution:
    """What one schedule did on a live server."""

    turns: list[Turn] = field(default_factory=list)
    ends: dict[str, ProgramEnd] = field(default_factory=dict)
    deadlocks: list[Deadlock] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    stopped: str | None = None
    """Why the execution could not be carried to its end; then nothing is known."""

    def schedule(self) -> Schedule:
        """The turns taken, with the waits and the sessions that could have moved."""
        return Schedule(
            tuple(
                ScheduledTurn(t.session, t.wait is not None, frozenset(t.movable))
                for t in self.turns
            )
        )

    def had_waits(self) -> bool:
        """Whether any step waited for another session."""
        return any(turn.wait is not None for turn in self.turns)

    def refusals(self) -> Iterator[Refusal]:
        """The server's refusals, retried ones included."""
        for turn in self.turns:
            if turn.effect is not None and turn.effect.error is not None:
                refusal = turn.effect.error.refusal
                if refusal is not None and refusal.retryable:
                    yield refusal

    def refused_programs(self) -> dict[str, ServerRefused]:
        """The programs that gave up because the server refused them."""
        return {n: end for n, end in self.ends.items() if isinstance(end, ServerRefused)}
