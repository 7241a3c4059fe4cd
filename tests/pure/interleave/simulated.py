"""A tiny engine in memory: rows with one exclusive lock each, and programs that take them.

A program is a text of steps: `"r x, w x, c"` reads x, writes x (and keeps its lock), commits. A
session that would write a locked row waits; who closes a cycle of waits makes a deadlock, and
somebody in it is the victim: its program ends there.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence

from harness.interleave.scheduler import Rest, Scheduler

Order = tuple[str, ...]


def closer_of_the_cycle(cycle: Sequence[str]) -> str:
    return cycle[0]


class Simulated:
    """One execution's state. Programs are named T1, T2, … in the order given."""

    def __init__(
        self,
        *programs: str,
        choose_victim: Callable[[Sequence[str]], str] = closer_of_the_cycle,
    ) -> None:
        self.choose_victim = choose_victim
        self.left = {f"T{n}": _steps(text) for n, text in enumerate(programs, start=1)}
        self.owner: dict[str, str] = {}
        self.awaited: dict[str, str] = {}
        self.refused: tuple[str, ...] = ()

    def rest(self) -> Rest:
        movable = tuple(n for n, steps in self.left.items() if steps and n not in self.awaited)
        return Rest(movable, tuple(sorted(self.awaited)), self.refused)

    def take(self, name: str) -> None:
        assert name in self.rest().movable, f"{name} cannot move"
        verb, _, row = self.left[name][0].partition(" ")
        if verb == "w" and self.owner.setdefault(row, name) != name:
            self.awaited[name] = row
            if cycle := self._cycle(name):
                self._refuse(self.choose_victim(cycle))
            return
        self.left[name].pop(0)
        if verb == "c" or not self.left[name]:
            self._unlock(name)

    def _cycle(self, name: str) -> list[str]:
        path = [name]
        while path[-1] in self.awaited:
            path.append(self.owner[self.awaited[path[-1]]])
            if path[-1] == name:
                return path[:-1]
        return []

    def _refuse(self, victim: str) -> None:
        self.refused += (f"{victim}:deadlock",)
        self.left[victim].clear()
        del self.awaited[victim]
        self._unlock(victim)

    def _unlock(self, name: str) -> None:
        for row in [row for row, owner in self.owner.items() if owner == name]:
            del self.owner[row]
            if next_one := next((n for n, r in self.awaited.items() if r == row), None):
                del self.awaited[next_one]
                self.owner[row] = next_one
                self.left[next_one].pop(0)
                if not self.left[next_one]:
                    self._unlock(next_one)


def _steps(text: str) -> list[str]:
    return [step.strip() for step in text.split(",") if step.strip()]


def conduct(world: Simulated, scheduler: Scheduler) -> tuple[Order, tuple[str, ...]]:
    """The turns of one execution, and who was refused."""
    turns = []
    while (rest := world.rest()).movable:
        turns.append(scheduler.next_turn(rest))
        world.take(turns[-1])
    scheduler.end_execution(rest)
    return tuple(turns), world.refused


def every_order(world: Simulated) -> Iterator[tuple[Order, tuple[str, ...]]]:
    """What an exhaustive search must find, had by copying the state instead of searching it.

    With `choose_victim` left as it is.
    """
    movable = world.rest().movable
    if not movable:
        yield (), world.refused
    for name in movable:
        after = copy.deepcopy(world)
        after.take(name)
        for turns, refused in every_order(after):
            yield (name, *turns), refused
