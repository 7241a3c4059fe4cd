"""Where every session stands during one execution: held, finished, or with a step under way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from harness.interleave.execution import Execution, Turn
from harness.interleave.patience import Situation
from harness.interleave.scheduler import Rest
from harness.locks import Wait, WaitGraph
from harness.sessions.session import Arrival, Held, Session
from harness.sessions.step import StepKind

_ENDS = (StepKind.COMMIT, StepKind.ROLLBACK)


@dataclass(slots=True)
class Place:
    """Where one session stands."""

    session: Session
    held: Held | None = None
    finished: bool = True
    turn: Turn | None = None
    """The turn whose step is under way."""


class Standing:
    """The places of all sessions, and the execution as far as it has come."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.execution = Execution()
        self.waits: Mapping[str, Wait] = {}
        """Those reported waiting when all were last at rest."""
        self._refused: list[tuple[int, str]] = []

    def begin(self) -> None:
        """Forget the last execution."""
        self.execution = Execution()
        self.waits = {}
        self._refused = []
        for place in self.places.values():
            place.held, place.turn, place.finished = None, None, True

    def start(self, name: str) -> None:
        """Note that a session has been given its program."""
        self.places[name].finished = False

    @property
    def turns(self) -> int:
        """How many turns have been taken."""
        return len(self.execution.turns)

    def under_way(self) -> list[str]:
        """The sessions that have yet to come to a hold or to their end."""
        return [n for n, p in self.places.items() if p.held is None and not p.finished]

    def rest(self) -> Rest:
        """What a scheduler may know, when all are at rest."""
        movable = tuple([n for n, place in self.places.items() if place.held is not None])
        refused = tuple([words for _, words in sorted(self._refused)])
        return Rest(movable, tuple(sorted(self.waits)), refused)

    def release(self, name: str, rest: Rest) -> Situation:
        """Note that a held session is let go; in which situation it takes its step."""
        place = self.places[name]
        assert place.held is not None, f"{name} was given a turn but is not held"
        step = place.held.step
        place.turn = Turn(self.turns + 1, name, step, rest.movable)
        place.held = None
        self.execution.turns.append(place.turn)
        others = [p.held.step.text for p in self.places.values() if p.held is not None]
        return (step.text, *others)

    def may_close_cycle(self, name: str) -> bool:
        """Whether a held session's step may close a cycle of waits.

        It has to be one that can wait, which the end of a transaction cannot, of a session for
        which somebody waits.
        """
        held = self.places[name].held
        if held is None or held.step.kind in _ENDS:
            return False
        return any(name in wait.blockers or not wait.blockers for wait in self.waits.values())

    def is_plain(self, arrival: Arrival, observed: bool) -> bool:
        """Whether an arrival leaves nothing to do but to take the next turn.

        If commits are `observed`, one leaves the tables to be looked at.
        """
        own = self.places[arrival.session.name]
        effect = arrival.effect
        if own.turn is None or (effect is not None and effect.error is not None):
            return False
        if observed and own.turn.step.commits:
            return False
        somebody = isinstance(arrival.state, Held)
        for place in self.places.values():
            if place is not own and not place.finished:
                if place.held is None:
                    return False
                somebody = True
        return somebody

    def arrive(self, arrival: Arrival) -> Turn | None:
        """Note that a session has come to rest; the turn that has settled by it, if it is one."""
        place = self.places[arrival.session.name]
        turn, place.turn = place.turn, None
        if turn is not None:
            turn.effect = arrival.effect
            turn.settled_in = self.turns
            if turn.effect is not None and turn.effect.error is not None:
                refusal = turn.effect.error.refusal
                if refusal is not None:
                    self._refused.append((turn.number, f"{turn.session}:{refusal.code}"))
        if isinstance(arrival.state, Held):
            place.held = arrival.state
        else:
            place.finished = True
            self.execution.ends[arrival.session.name] = arrival.state.end
        return turn

    def is_rest(self, under_way: Collection[str], waits: Mapping[str, Wait]) -> bool:
        """Whether nothing will happen by itself: all wait, in no cycle, and somebody can move."""
        if len(waits) != len(under_way):
            return False
        can_move = any(place.held is not None for place in self.places.values())
        return can_move and not WaitGraph(tuple(waits.values())).cycle()

    def late(self, under_way: Sequence[str], waits: Mapping[str, Wait]) -> str:
        """Who is not at rest, and with what."""
        parts = []
        for name in under_way:
            turn = self.places[name].turn
            what = turn.step.readable() if turn else "the part before its first statement"
            state = "waits by the server's word" if name in waits else "has not answered"
            parts.append(f"{name} {state}: {what}")
        return "; ".join(parts)
