"""Which events of an execution are ordered by cause, and which merely happened in turn.

An *event* is a turn: the step released, and every step that settled in it. Two events of
different sessions *conflict* if their footprints do. *Happens before* is the least order that holds
the turns of each session and all conflicting events in the order they were seen; executions with
the same order of cause differ in nothing that a database can show (Mazurkiewicz 1977). A *race* is
a conflicting pair with nothing between: it could have gone the other way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.engines.engine import Isolation
from harness.interleave.execution import Execution, Turn
from harness.interleave.footprint import A_SNAPSHOT, NOTHING, Footprint, References, footprint_of
from harness.sessions.step import StepKind

_ENDS = (StepKind.COMMIT, StepKind.ROLLBACK)
_WHOLE = (*_ENDS, StepKind.ROLLBACK_TO)


@dataclass(frozen=True, slots=True)
class Event:
    """One turn as the order of cause sees it."""

    session: str
    sessions: frozenset[str]
    """Its own session, and those whose waiting steps settled in it."""
    footprint: Footprint
    ends: bool
    """A transaction ends in it."""
    waits: bool
    """Its step had to wait, or closed a cycle of waits."""


@dataclass(frozen=True)
class Reading:
    """What must be known to read events out of an execution."""

    dialect: str
    references: References
    isolation: Isolation
    every_end_matters: bool
    """Invariants look after every commit, so commits do not commute."""

    @property
    def snapshots(self) -> bool:
        """Plain reads take no locks and see committed rows only: multi-version reading."""
        return self.isolation in (Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ)


class HappensBefore:
    """The order of cause of one execution."""

    def __init__(self, execution: Execution, reading: Reading) -> None:
        self.events = events_of(execution, reading)
        self._reading = reading
        size = len(self.events)
        self.causes: list[set[int]] = [set() for _ in range(size)]
        """For each event, all events that happen before it."""
        for later in range(size):
            for earlier in range(later - 1, -1, -1):
                if earlier not in self.causes[later] and self._directly(earlier, later):
                    self.causes[later] |= self.causes[earlier] | {earlier}

    def races(self) -> Iterator[tuple[int, int]]:
        """Pairs of events of different sessions that conflict with nothing between them."""
        for later in range(len(self.events)):
            for earlier in self.causes[later]:
                if self._is_race(earlier, later):
                    yield earlier, later

    def _is_race(self, earlier: int, later: int) -> bool:
        if self.events[earlier].session == self.events[later].session:
            return False
        if not conflict(self.events[earlier], self.events[later], self._reading):
            return False
        return not any(earlier in self.causes[k] for k in self.causes[later] if k > earlier)

    def _directly(self, earlier: int, later: int) -> bool:
        one, other = self.events[earlier], self.events[later]
        return bool(one.sessions & other.sessions) or conflict(one, other, self._reading)

    def identity(self) -> object:
        """Equal for executions with the same order of cause."""
        counts: dict[str, int] = {}
        names = []
        for event in self.events:
            counts[event.session] = counts.get(event.session, 0) + 1
            names.append((event.session, counts[event.session]))
        return frozenset(
            (names[later], frozenset(names[earlier] for earlier in causes))
            for later, causes in enumerate(self.causes)
        )

    def executions(self) -> int:
        """How many executions have this order of cause: its linear extensions."""
        ways: dict[frozenset[int], int] = {frozenset(): 1}
        for _ in self.events:
            onward: dict[frozenset[int], int] = {}
            for done, count in ways.items():
                for event, causes in enumerate(self.causes):
                    if event not in done and causes <= done:
                        reached = done | {event}
                        onward[reached] = onward.get(reached, 0) + count
            ways = onward
        return sum(ways.values())


def conflict(one: Event, other: Event, reading: Reading) -> bool:
    """Whether the order of two events can matter."""
    if one.ends and other.ends and (reading.every_end_matters or not reading.snapshots):
        return True
    if one.waits and other.waits:
        return True  # whoever begins to wait last may close a cycle, and be its victim
    reads_see = one.ends or other.ends or not reading.snapshots
    return one.footprint.conflicts(other.footprint, reads_see=reads_see)


def last_event(execution: Execution, reading: Reading) -> Event:
    """What the last turn of an execution under way has done so far."""
    return events_of(execution, reading)[-1]


def events_of(execution: Execution, reading: Reading) -> Sequence[Event]:
    """The turns of an execution, as events."""
    transactions: dict[str, Footprint] = {}
    steps: dict[int, Footprint] = {}
    events = []
    for turn in execution.turns:
        steps[turn.number] = _step(turn, transactions, reading)
        settled = [t for t in execution.turns if t.settled_in == turn.number]
        footprint, ends = steps[turn.number], turn.step.kind in _ENDS
        for other in settled:
            footprint |= steps[other.number]
            if _server_ended(other):
                footprint |= transactions.pop(other.session, NOTHING)
                ends = True
        if turn.step.kind in _ENDS:
            transactions.pop(turn.session, None)
        sessions = frozenset({turn.session, *(t.session for t in settled)})
        # Whose step closes a cycle would have waited too.
        waits = turn.wait is not None or any(_in_deadlock(other) for other in settled)
        events.append(Event(turn.session, sessions, footprint, ends, waits))
    return events


def _step(turn: Turn, transactions: dict[str, Footprint], reading: Reading) -> Footprint:
    """A step's footprint; its transaction's grows by it."""
    before = transactions.get(turn.session)
    if turn.step.kind in _WHOLE:
        whole = before or NOTHING
        return whole.without_reads() if reading.snapshots else whole
    if turn.step.kind is not StepKind.STATEMENT:
        return NOTHING
    footprint = footprint_of(turn.step.text, reading.dialect, reading.references)
    keeps_snapshot = reading.isolation in (Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE)
    transactions[turn.session] = (before or NOTHING) | footprint
    if before is None and keeps_snapshot:
        return footprint | A_SNAPSHOT
    return footprint


def _in_deadlock(turn: Turn) -> bool:
    error = turn.effect.error if turn.effect is not None else None
    return error is not None and error.refusal is not None and error.refusal.kind == "deadlock"


def _server_ended(turn: Turn) -> bool:
    error = turn.effect.error if turn.effect is not None else None
    return error is not None and (error.refusal is None or error.refusal.ends_transaction)
