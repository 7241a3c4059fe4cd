"""Which events of an execution are ordered by cause, and which merely happened in turn.

An *event* is a turn: the step released, and every step that settled in it. Two events of
different sessions *conflict* if their footprints do. *Happens before* is the least order that holds
the turns of each session and all conflicting events in the order they were seen; executions with
the same order of cause differ in nothing that a database can show (Mazurkiewicz 1977). A *race* is
a conflicting pair with nothing between: it could have gone the other way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.engines.engine import Isolation
from harness.interleave.execution import Execution, Turn
from harness.interleave.footprint import (
    A_SNAPSHOT,
    EVERYTHING,
    NOTHING,
    Footprint,
    References,
    footprint_of,
)
from harness.sessions.step import StepKind

_ENDS = (StepKind.COMMIT, StepKind.ROLLBACK)
_WHOLE = (*_ENDS, StepKind.ROLLBACK_TO)
_STRICT = (Isolation.READ_UNCOMMITTED.value, Isolation.SERIALIZABLE.value)
_ONE_SNAPSHOT = (Isolation.REPEATABLE_READ.value, Isolation.SERIALIZABLE.value)
# A statement with which a program goes around SQLAlchemy to choose how its transactions are.
_CHOOSES = re.compile(
    r"\s*(BEGIN\b|START\s+TRANSACTION|SET\b.*\b(ISOLATION|AUTOCOMMIT|TRANSACTION))",
    re.IGNORECASE | re.DOTALL,
)


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
    strict: bool = False
    """Its program chose a level at which plain reads may take locks, or see what is uncommitted."""


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
    strict = one.strict or other.strict or not reading.snapshots
    if one.ends and other.ends and (reading.every_end_matters or strict):
        return True
    if one.waits and other.waits:
        return True  # whoever begins to wait last may close a cycle, and be its victim
    reads_see = one.ends or other.ends or strict
    return one.footprint.conflicts(other.footprint, reads_see=reads_see)


def last_event(execution: Execution, reading: Reading) -> Event:
    """What the last turn of an execution under way has done so far."""
    return events_of(execution, reading)[-1]


def events_of(execution: Execution, reading: Reading) -> Sequence[Event]:
    """The turns of an execution, as events."""
    sessions: dict[str, _Session] = {}
    steps: dict[int, Footprint] = {}
    events = []
    for turn in execution.turns:
        own = sessions.setdefault(turn.session, _Session(reading))
        steps[turn.number] = own.step(turn)
        settled = [t for t in execution.turns if t.settled_in == turn.number]
        footprint, ends = steps[turn.number], _ends(turn, steps[turn.number])
        for other in settled:
            footprint |= steps[other.number]
            ends |= _ends(other, steps[other.number])
            if _server_ended(other):
                footprint |= sessions[other.session].end()
                ends = True
        if turn.step.kind in _ENDS:
            own.end()
        names = frozenset({turn.session, *(t.session for t in settled)})
        # Whose step closes a cycle would have waited too.
        waits = turn.wait is not None or any(_in_deadlock(other) for other in settled)
        strict = any(sessions[name].strict for name in names)
        events.append(Event(turn.session, names, footprint, ends, waits, strict))
    return events


class _Session:
    """What is known of a session while its turns are read, one after the other."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._transaction: Footprint | None = None
        self._level_unknown = False
        self.strict = not reading.snapshots

    def step(self, turn: Turn) -> Footprint:
        """A step's footprint; its transaction's grows by it."""
        step, before = turn.step, self._transaction
        self.strict |= step.isolation in _STRICT
        if self._level_unknown or _CHOOSES.match(step.text):
            self._level_unknown = self.strict = True
            return EVERYTHING
        if step.kind in _WHOLE:
            whole = before or NOTHING
            return whole if self.strict else whole.without_reads()
        if step.kind is not StepKind.STATEMENT:
            return NOTHING
        footprint = footprint_of(step.text, self._reading.dialect, self._reading.references)
        if step.is_alone:
            return footprint
        self._transaction = (before or NOTHING) | footprint
        level = step.isolation or self._reading.isolation.value
        return footprint | A_SNAPSHOT if before is None and level in _ONE_SNAPSHOT else footprint

    def end(self) -> Footprint:
        """The transaction is over; what it touched."""
        whole, self._transaction = self._transaction or NOTHING, None
        return whole


def _ends(turn: Turn, footprint: Footprint) -> bool:
    """Whether a transaction ends with a step: in autocommit with each that is more than a read."""
    return turn.step.kind in _ENDS or (turn.step.is_alone and bool(footprint.without_reads().modes))


def _in_deadlock(turn: Turn) -> bool:
    error = turn.effect.error if turn.effect is not None else None
    return error is not None and error.refusal is not None and error.refusal.kind == "deadlock"


def _server_ended(turn: Turn) -> bool:
    error = turn.effect.error if turn.effect is not None else None
    return error is not None and (error.refusal is None or error.refusal.ends_transaction)
