"""Which events of an execution are ordered by cause, and which merely happened in turn.

*Happens before* is the least order that holds the turns of each session and all conflicting events
in the order they were seen; executions with the same order of cause differ in nothing that a
database can show (Mazurkiewicz 1977). A *race* is a conflicting pair with nothing between: it could
have gone the other way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.interleave.event import Reading, conflict, events_of
from harness.interleave.execution import Execution


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
        if self.events[later].session in self.events[earlier].sessions:
            return False  # of one session, or it could not move before
        if any(earlier in self.causes[k] for k in self.causes[later] if k > earlier):
            return False
        return conflict(self.events[earlier], self.events[later], self._reading)

    def first_in_reversal(self, earlier: int, later: int) -> Sequence[str]:
        """The sessions with any of which executions can begin in which a race goes the other way.

        They take over at the state before `earlier`: what happened since and is not caused by it,
        and then `later`. Its initials are those with no cause among them (Abdulla, Aronis, Jonsson
        and Sagonas, "Optimal dynamic partial order reduction", POPL 2014, definition 3.2).
        """
        kept = [k for k in range(earlier + 1, later) if earlier not in self.causes[k]] + [later]
        return [self.events[k].session for k in kept if self.causes[k].isdisjoint(kept)]

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
