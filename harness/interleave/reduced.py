"""Depth-first search that leaves out executions which cannot differ.

Dynamic partial-order reduction (Flanagan and Godefroid 2005) with source sets (Abdulla, Aronis,
Jonsson and Sagonas 2014) and sleep sets (Godefroid 1996). After each execution its races are found,
also if it was cut off. Where a race could have gone the other way, a session with which such an
execution can begin is put on the list of the state before it, unless one is there: what begins with
nobody on a list would only have exchanged neighbours that commute. A session *sleeps* at a state if
its turn has been tried to the end at an earlier state and nothing that happened since conflicts
with it: taking it now leads to what has been seen.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.clock import Deadline
from harness.interleave.event import Event, Reading, conflict, last_event
from harness.interleave.execution import Execution
from harness.interleave.exhaustive import Exhaustive, Node
from harness.interleave.happens_before import HappensBefore
from harness.interleave.scheduler import Redundant, Rest


class Reduced(Exhaustive):
    """A scheduler that takes one execution of each order of cause.

    `under_way` gives the execution that is being conducted: what its last turn did decides who
    sleeps. An execution in which everybody who can move sleeps is cut off; `cut` counts those.
    """

    def __init__(
        self,
        reading: Reading,
        under_way: Callable[[], Execution],
        limit: int | None = None,
        patience: int = 50,
        budget: Deadline | None = None,
    ) -> None:
        super().__init__(limit, patience, budget)
        self._reading = reading
        self._under_way = under_way
        self._known: set[object] = set()

    def next_turn(self, rest: Rest) -> str:
        """A turn of the state's list that has not been tried to the end.

        Raises:
            Redundant: everybody who can move sleeps.
        """
        before = self._path[-1][1] if self._path else None
        known = rest in self._branch.answers
        node = self._arrive(rest)
        if not known and before is not None:
            self._put_to_sleep(before, node)
        turns = self.turns_at(node)
        if not turns:
            self.cut += 1
            self._want_reversals(HappensBefore(self._under_way(), self._reading))
            self._close()
            raise Redundant
        for name in turns:
            if not node.branches[name].searched():
                return self._take(node, name)
        return self._take(node, turns[0])

    def turns_at(self, node: Node) -> tuple[str, ...]:
        """The turns on the state's list; on a new state, that of the session that is at work."""
        awake = [name for name in node.rest.movable if name not in node.asleep]
        if awake and not node.wanted & set(awake):
            turns = self._under_way().turns
            at_work = turns[-1].session if turns else awake[0]
            node.want(at_work if at_work in awake else awake[0])
        return tuple(name for name in awake if name in node.wanted)

    def learn(self, execution: Execution) -> int:
        """See that every race is tried the other way as well.

        Returns how many possible executions have the same order of cause, if it is a new one.
        """
        order = HappensBefore(execution, self._reading)
        identity = order.identity()
        stands_for = 0 if identity in self._known else order.executions()
        self._known.add(identity)
        self._want_reversals(order)
        self._close()
        return stands_for

    def _want_reversals(self, order: HappensBefore) -> None:
        for earlier, later in order.races():
            node = self._path[earlier][1]
            first = set(order.first_in_reversal(earlier, later))
            if first & (node.wanted | node.asleep.keys()):
                continue
            able = [name for name in node.rest.movable if name in first]
            for name in able[:1] or node.rest.movable:
                node.want(name)

    def _put_to_sleep(self, before: Node, node: Node) -> None:
        """Who sleeps at a new state: who slept or was tried before, and has not been woken."""
        event = last_event(self._under_way(), self._reading)
        self._branch_event(before, event)
        for name, slept in {**before.asleep, **_tried(before, event.session)}.items():
            if name in node.rest.movable and not conflict(slept, event, self._reading):
                node.asleep[name] = slept

    def _branch_event(self, before: Node, event: Event) -> None:
        before.branches[event.session].event = event

    def _close(self) -> None:
        for _, node in reversed(self._path):
            if not node.is_leaf:
                node.searched = self._is_searched(node)


def _tried(node: Node, but: str) -> dict[str, Event]:
    return {
        name: branch.event
        for name, branch in node.branches.items()
        if name != but and branch.event is not None and branch.searched()
    }
