"""Turns as events: what each touched, whether a transaction ended in it, and what it cannot pass.

An *event* is a turn: the step released, and every step that settled in it. Two events of
different sessions *conflict* if their footprints do, so that their order may matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.engines.engine import Isolation
from harness.interleave.execution import Execution, Turn
from harness.interleave.footprint import ANY, Footprint, Mode, References
from harness.interleave.transaction import ENDS, Transactions
from harness.sessions.step import StepKind


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
    again: bool = False
    """One of its sessions has ended a transaction before, or may have."""


@dataclass(frozen=True)
class Reading:
    """What must be known to read events out of an execution."""

    dialect: str
    references: References
    isolation: Isolation
    every_end_matters: bool
    """Invariants look after every commit, so commits do not commute."""
    certifies: bool = False
    """At serializable the server watches who read what others wrote, and refuses whom it finds in
    a dangerous pattern of that at whatever that session does next."""
    programs: int = 2
    """How many run at once. A transaction that one of them has ended counts as another beside
    them, to a server that watches reads: as long as one is open that began before that end."""


def conflict(one: Event, other: Event, reading: Reading) -> bool:
    """Whether the order of two events can matter."""
    strict = one.strict or other.strict
    ends = one.ends or other.ends
    if one.ends and other.ends and (reading.every_end_matters or strict):
        return True
    if one.waits and other.waits:
        return True  # whoever begins to wait last may close a cycle, and be its victim
    third = reading.programs > 2 or one.again or other.again
    if strict and reading.certifies and (ends or third):
        # An end decides who is refused at its next step, whatever that asks. With a third
        # transaction, be it one that has ended, a read or a change of one does too, for two others.
        return bool(one.footprint.modes and other.footprint.modes)
    return one.footprint.conflicts(other.footprint, reads_see=ends or strict)


def last_event(execution: Execution, reading: Reading) -> Event:
    """What the last turn of an execution under way has done so far."""
    return events_of(execution, reading)[-1]


def events_of(execution: Execution, reading: Reading) -> Sequence[Event]:
    """The turns of an execution, as events."""
    sessions: dict[str, Transactions] = {}
    steps: dict[int, Footprint] = {}
    events: list[Event] = []
    ended: set[str] = set()
    settled_in: dict[int | None, list[Turn]] = {}
    for turn in execution.turns:
        settled_in.setdefault(turn.settled_in, []).append(turn)
    for turn in execution.turns:
        own = sessions.setdefault(
            turn.session, Transactions(reading.dialect, reading.references, reading.isolation)
        )
        steps[turn.number] = own.step(turn)
        settled = settled_in.get(turn.number, [])
        footprint, ends = steps[turn.number], _ends(turn, steps[turn.number])
        for other in settled:
            footprint |= steps[other.number]
            ends |= _ends(other, steps[other.number])
            if _may_have_ended(other):
                footprint |= sessions[other.session].refuse(other)
                ends = True
        if ends or turn.step.kind is StepKind.ROLLBACK_TO:
            footprint |= _let_closer(
                footprint, [steps[t.number] for t in _waiting_at(turn, execution)]
            )
        if turn.step.kind in ENDS:
            own.end()
        names = frozenset({turn.session, *(t.session for t in settled)})
        # Whose step closes a cycle would have waited too.
        waits = turn.wait is not None or any(_in_deadlock(other) for other in settled)
        strict = any(sessions[name].strict for name in names)
        again = not names.isdisjoint(ended)
        events.append(Event(turn.session, names, footprint, ends, waits, strict, again))
        if ends or footprint.modes.get(ANY) is Mode.BARS:  # what cannot be read may be an END
            ended |= names
    return events


def _waiting_at(turn: Turn, execution: Execution) -> Iterator[Turn]:
    """The turns of others whose steps still wait after a turn."""
    for other in execution.turns[: turn.number - 1]:
        if other.settled_in is None or other.settled_in > turn.number:
            yield other


def _let_closer(ended: Footprint, waiting: Sequence[Footprint]) -> Footprint:
    """What those touch who wait for what has ended, though for somebody else as well.

    It is the last end that lets them go on: the ends that do it together do not commute. Going
    back to a savepoint may let them go on too.
    """
    found = Footprint()
    for footprint in waiting:
        if ended.conflicts(footprint):
            found |= footprint
    return found


def _ends(turn: Turn, footprint: Footprint) -> bool:
    """Whether a transaction ends with a step: in autocommit with each that is more than a read."""
    return turn.step.kind in ENDS or (turn.step.is_alone and bool(footprint.without_reads().modes))


def _in_deadlock(turn: Turn) -> bool:
    error = turn.effect.error if turn.effect is not None else None
    return error is not None and error.refusal is not None and error.refusal.kind == "deadlock"


def _may_have_ended(turn: Turn) -> bool:
    """Whether the server may have undone a step's transaction, or a part of it."""
    error = turn.effect.error if turn.effect is not None else None
    return error is not None and (error.refusal is None or error.refusal.ends_transaction)
