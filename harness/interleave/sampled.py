"""Sample executions where the tree is too big to search whole. A sample never shows that all holds.

`random` takes each turn by lot. `pct` gives sessions random priorities and lowers one at a few
random turns: a bug that needs *d* ordering constraints among *n* sessions and *k* turns is met by
one execution with probability of at least 1 / (n·k^(d-1)) (Burckhardt and others 2010). Both repeat
with the same seed, as far as the server gives the same answers.
"""

from __future__ import annotations

import random
from typing import Literal

from harness.clock import Deadline
from harness.interleave.execution import Execution
from harness.interleave.scheduler import Rest

Method = Literal["random", "pct"]
METHODS: tuple[Method, ...] = ("random", "pct")


class Sampled:
    """A scheduler that runs so many executions, or as many as a budget of time allows."""

    complete = False
    given_up = 0

    def __init__(
        self,
        method: Method,
        seed: int,
        executions: int,
        budget: Deadline | None = None,
        changes: int = 2,
    ) -> None:
        self._chance = random.Random(seed)
        self._method = method
        self._limit = executions
        self._budget = budget
        self._changes = changes
        self._priorities: dict[str, float] = {}
        self._changes_at: set[int] = set()
        self._turn = 0
        self._longest = 8
        self._seen: set[tuple[str, ...]] = set()
        self._taken: list[str] = []
        self._is_new = False
        self.executions = 0

    def new_execution(self) -> bool:
        """Whether the number and the budget allow another execution."""
        if self.executions >= self._limit or (self._budget is not None and self._budget.over()):
            return False
        self._priorities = {}
        self._turn = 0
        self._taken = []
        places = range(1, self._longest + 1)
        self._changes_at = set(self._chance.sample(places, min(self._changes, len(places))))
        return True

    def next_turn(self, rest: Rest) -> str:
        """A movable session, by the method."""
        self._turn += 1
        if self._method == "random":
            name = self._chance.choice(rest.movable)
        else:
            name = self._by_priority(rest)
        self._taken.append(name)
        return name

    def end_execution(self, rest: Rest) -> None:
        """Count it; the next one places its changes within the longest length seen."""
        self.executions += 1
        self._longest = max(self._longest, self._turn)
        self._is_new = (turns := tuple(self._taken)) not in self._seen
        self._seen.add(turns)

    def learn(self, _execution: Execution) -> int:
        """How many new executions the last one stands for: itself, if its turns were not seen."""
        return int(self._is_new)

    def fraction(self) -> float:
        """How much of the sample is taken."""
        by_count = self.executions / self._limit
        if self._budget is None:
            return by_count
        return max(by_count, 1 - self._budget.remaining_s() / self._budget.length_s)

    def split(self) -> None:
        """Nothing: a sample is drawn by one worker, or its seed would not repeat it."""

    def _by_priority(self, rest: Rest) -> str:
        for name in rest.movable:
            self._priorities.setdefault(name, 1 + self._chance.random())
        first = max(rest.movable, key=self._priorities.__getitem__)
        if self._turn in self._changes_at:
            self._priorities[first] = -float(self._turn)  # below every other, and every earlier one
            first = max(rest.movable, key=self._priorities.__getitem__)
        return first
