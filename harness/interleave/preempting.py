"""Search all executions with few preemptions first: most bugs need no more than two.

A *preemption* takes the turn from a session that could have gone on (Musuvathi and Qadeer 2007).
With a bound the search is complete only within it; deepening raises the bound until all is
searched, the greatest bound is reached or the budget is over.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.clock import Deadline
from harness.interleave.exhaustive import Exhaustive, Node
from harness.interleave.scheduler import Rest


class FewPreemptions(Exhaustive):
    """A scheduler that takes every possible turn, as long as there are not too many preemptions.

    `bound` is the number of preemptions searched at present; executions found within a lower bound
    are not run again.
    """

    def __init__(
        self, greatest: int, limit: int | None = None, budget: Deadline | None = None
    ) -> None:
        super().__init__(limit, budget=budget)
        self._greatest = greatest
        self.bound = 0
        self._cut_at_bound = False
        self._next = ("", 0)

    def new_execution(self) -> bool:
        """Whether there is another execution within the bound, or within a greater one."""
        if super().new_execution():
            return True
        while self._root.searched() and self._cut_at_bound and self.bound < self._greatest:
            self.bound += 1
            self._cut_at_bound = False
            self._reopen(self._root.answers.values())
            if super().new_execution():
                return True
        return False

    @property
    def complete(self) -> bool:
        """Whether all is searched, and nothing was left out for the bound."""
        return super().complete and not self._cut_at_bound

    def turns_at(self, node: Node) -> tuple[str, ...]:
        """The turns that the bound allows; going on is always allowed."""
        movable = node.rest.movable
        if node.at_work not in movable or node.preemptions < self.bound:
            return movable
        self._cut_at_bound |= len(movable) > 1
        return (node.at_work,)

    def _take(self, node: Node, name: str) -> str:
        preempts = node.at_work in node.rest.movable and name != node.at_work
        self._next = (name, node.preemptions + preempts)
        return super()._take(node, name)

    def _arrive(self, rest: Rest) -> Node:
        node = super()._arrive(rest)
        if len(self._path) > 1:
            node.at_work, node.preemptions = self._next
        return node

    def _reopen(self, nodes: Iterable[Node]) -> None:
        """Judge every state anew under the greater bound, from the leaves up."""
        for node in nodes:
            for branch in node.branches.values():
                self._reopen(branch.answers.values())
            if not node.is_leaf:
                node.searched = self._is_searched(node)
