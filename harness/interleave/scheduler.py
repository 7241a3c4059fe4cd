"""Whose turn is next: the seam between searching and conducting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.errors import ScheduleDiverged
from harness.interleave.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Rest:
    """Where every session stands when all are at rest: all that a scheduler may know.

    `movable` are held before a step; `waiting` are reported waiting by the server; the others have
    finished. `refused` counts the server's refusals so far: two executions with the same turns
    can differ in whom the server chose as a deadlock's victim.
    """

    movable: tuple[str, ...]
    waiting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class Redundant(Exception):
    """The execution under way can lead to nothing that has not been seen: leave it."""


class Scheduler(Protocol):
    """Decides whose turn is next.

    A scheduler outlives one execution, so it may search: `new_execution` is asked before each one
    and ends the search by returning False. A session waiting for a lock is never offered.
    """

    def new_execution(self) -> bool:
        """Whether there is another execution to run."""

    def next_turn(self, rest: Rest) -> str:
        """One of `rest.movable`."""

    def end_execution(self, rest: Rest) -> None:
        """The execution has come to its end; `rest` is how it stood."""


class InOrder:
    """Runs the programs one after the other in the order given: a serial execution."""

    def __init__(self, order: Sequence[str]) -> None:
        self._order = tuple(order)
        self._used = False

    def new_execution(self) -> bool:
        """True once."""
        used, self._used = self._used, True
        return not used

    def next_turn(self, rest: Rest) -> str:
        """The first in the order that can still move."""
        return next(name for name in self._order if name in rest.movable)

    def end_execution(self, rest: Rest) -> None:
        """Nothing is left to do."""


class Recorded:
    """Runs one recorded schedule and refuses to do anything else."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._turn = 0
        self._used = False

    def new_execution(self) -> bool:
        """True once."""
        used, self._used = self._used, True
        self._turn = 0
        return not used

    def next_turn(self, rest: Rest) -> str:
        """The recorded turn.

        Raises:
            ScheduleDiverged: the sessions that can move are not those of the recording.
        """
        turns = self._schedule.turns
        number = self._turn + 1
        self._compare_last_wait(rest)
        if self._turn >= len(turns):
            raise ScheduleDiverged(
                f"schedule '{self._schedule}' ended after turn {len(turns)}, but "
                f"{_set(rest.movable)} can still move",
                "add their turns, or was it recorded with other programs?",
            )
        turn = turns[self._turn]
        if turn.movable is not None and turn.movable != frozenset(rest.movable):
            self._diverge(number, f"recorded movable {_set(turn.movable)}", rest)
        if turn.session not in rest.movable:
            self._diverge(number, f"recorded a turn of {turn.session}", rest)
        self._turn += 1
        return turn.session

    def end_execution(self, rest: Rest) -> None:
        """See that no recorded turn is left.

        Raises:
            ScheduleDiverged: the programs ended before the schedule did.
        """
        self._compare_last_wait(rest)
        left = len(self._schedule) - self._turn
        if left:
            more = f"{left} more turn" + ("" if left == 1 else "s")
            self._diverge(self._turn + 1, f"recorded {more}", rest)

    def _compare_last_wait(self, rest: Rest) -> None:
        if self._turn == 0:
            return
        last = self._schedule.turns[self._turn - 1]
        waits = last.session in rest.waiting
        if last.waits is not None and last.waits != waits:
            recorded = "waiting" if last.waits else "settled"
            self._diverge(self._turn, f"recorded {last.session} {recorded} after it", rest)

    def _diverge(self, number: int, recorded: str, rest: Rest) -> None:
        waiting = f", {_set(rest.waiting)} waiting" if rest.waiting else ""
        raise ScheduleDiverged(
            f"schedule '{self._schedule}' diverged at turn {number}: {recorded}, "
            f"now movable {_set(rest.movable)}{waiting}",
            "was it recorded with the same programs, engine, version and isolation level?",
        )


def _set(names: Sequence[str] | frozenset[str]) -> str:
    return "{" + ", ".join(sorted(names)) + "}"
