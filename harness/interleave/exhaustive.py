"""Depth-first search over all turns that the server allows.

The tree is made of what was seen: after a turn the server decides where the sessions stand, so a
node has one branch for each turn that could be taken and, under it, one node for each answer that
the server gave. On the same programs it nearly always gives the same answer; where it has a choice
(the victim of a deadlock), both answers are kept and both subtrees are searched.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.clock import Deadline
from harness.interleave.event import Event
from harness.interleave.execution import Execution
from harness.interleave.scheduler import Rest


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the tree that another worker searches: the states and turns that lead to it."""

    path: tuple[tuple[Rest, str], ...] = ()


@dataclass(slots=True)
class Branch:
    """A turn taken at a node: the answers seen so far."""

    answers: dict[Rest, Node] = field(default_factory=dict)
    attempts_in_vain: int = 0
    elsewhere: bool = False
    """Whether another worker searches it."""
    event: Event | None = None
    """What the turn did, where the search looks at that."""

    def searched(self) -> bool:
        """Whether everything seen below is searched, or was looked for in vain too often."""
        seen = bool(self.answers) and all(node.searched for node in self.answers.values())
        return seen or self.elsewhere


@dataclass(slots=True)
class Node:
    """A state of rest, and the turns that lead on from it."""

    rest: Rest
    branches: dict[str, Branch] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    """The turns that a search which leaves some out has put on its list."""
    asleep: dict[str, Event] = field(default_factory=dict)
    """The sessions whose turn would lead to what has been seen, with what that turn does."""
    at_work: str = ""
    preemptions: int = 0
    """Who took the turn before, and how often the turn was taken from somebody who could move."""
    searched: bool = False
    is_leaf: bool = False
    is_astray: bool = False
    """Whether the server gave another answer than on the way that leads to a share."""

    def want(self, name: str) -> None:
        """Put a turn on the list."""
        self.wanted.add(name)
        self.branches.setdefault(name, Branch())


class Exhaustive:
    """A scheduler that takes every possible turn at every state of rest, once.

    `executions` counts distinct executions; `repeated` those which the server turned into one that
    had been seen. `given_up` counts branches below which an answer that was seen once could not be
    had again in `patience` attempts: the search is then not complete. With a share only that part
    of the tree is searched: another answer on the way to it belongs to whoever gave it away.
    """

    def __init__(
        self,
        limit: int | None = None,
        patience: int = 50,
        budget: Deadline | None = None,
        share: Share | None = None,
    ) -> None:
        self._budget = budget
        self._share = share or Share()
        self._root = _way_to(self._share)
        self._limit = limit
        self._patience = patience
        self._path: list[tuple[Branch, Node]] = []
        self._branch = self._root
        self.executions = 0
        self.repeated = 0
        self.given_up = 0
        self.cut = 0
        self._is_new = False

    @property
    def complete(self) -> bool:
        """Whether every execution that was found possible has been run."""
        return self._root.searched() and self.given_up == 0

    def new_execution(self) -> bool:
        """Whether a turn is left that was possible and has not been taken."""
        self._path = []
        self._branch = self._root
        if self._limit is not None and self.executions >= self._limit:
            return False
        if self._budget is not None and self._budget.over():
            return False
        return not self._root.searched()

    def next_turn(self, rest: Rest) -> str:
        """The first movable session whose branch is not yet searched."""
        node = self._arrive(rest)
        turns = self.turns_at(node)
        for name in turns:
            if not node.branches.setdefault(name, Branch()).searched():
                return self._take(node, name)
        # The server turned to an answer below which all is searched: run on to the end.
        return self._take(node, turns[0])

    def turns_at(self, node: Node) -> tuple[str, ...]:
        """The turns to be taken at a state of rest: here, all that are possible."""
        return node.rest.movable

    def end_execution(self, rest: Rest) -> None:
        """Close the nodes of the path below which nothing is left."""
        leaf = self._arrive(rest)
        new = self._is_new = not leaf.is_leaf and not self._is_astray()
        leaf.is_leaf = leaf.searched = True
        self.executions += new
        self.repeated += not new
        in_vain = not new
        for branch, node in reversed(self._path):
            self._look_again(node)
            if new:
                branch.attempts_in_vain = 0
            elif in_vain and not branch.searched():
                # The deepest of these is where the server turned away from what was wanted.
                self._lose_patience(branch)
                in_vain = False

    def learn(self, _execution: Execution) -> int:
        """Look at the execution that has just ended; how many new ones it stands for."""
        return int(self._is_new)

    def split(self) -> Share | None:
        """Give away the largest untried part beside the last execution; None if there is none."""
        if self._is_astray():
            return None
        way: list[tuple[Rest, str]] = []
        for depth, (_, node) in enumerate(self._path):
            for name in self.turns_at(node):
                if name not in node.branches:
                    node.branches[name] = Branch(elsewhere=True)
                    for _, above in reversed(self._path[: depth + 1]):
                        self._look_again(above)
                    return Share((*way, (node.rest, name)))
            if depth + 1 < len(self._path):
                way.append((node.rest, _name_of(node, self._path[depth + 1][0])))
        return None

    def _is_astray(self) -> bool:
        return any(node.is_astray for _, node in self._path[: len(self._share.path)])

    def _look_again(self, node: Node) -> None:
        if not (node.is_leaf or node.is_astray):
            node.searched = self._is_searched(node)

    def _is_searched(self, node: Node) -> bool:
        return all(
            name in node.branches and node.branches[name].searched() for name in self.turns_at(node)
        )

    def fraction(self) -> float:
        """About how much of the tree is behind us, between 0 and 1, after an execution.

        Each state's branches are taken to be equally large, so it is an estimate (Knuth 1975).
        """
        done, share = 0.0, 1.0
        for branch, node in self._path:
            if branch.searched():
                break  # counted with its siblings, one state above
            share /= max(1, len(node.rest.movable))
            done += share * sum(sibling.searched() for sibling in node.branches.values())
        return 1.0 if self._root.searched() else done

    def _lose_patience(self, branch: Branch) -> None:
        branch.attempts_in_vain += 1
        if branch.attempts_in_vain > self._patience:
            for node in branch.answers.values():
                self.given_up += not node.searched
                node.searched = True

    def _arrive(self, rest: Rest) -> Node:
        node = self._branch.answers.get(rest)
        if node is None:
            astray = len(self._path) < len(self._share.path)
            node = Node(rest, searched=astray, is_astray=astray)
            self._branch.answers[rest] = node
        self._path.append((self._branch, node))
        return node

    def _take(self, node: Node, name: str) -> str:
        self._branch = node.branches.setdefault(name, Branch())
        return name


def _way_to(share: Share) -> Branch:
    """The tree of a share before it is searched: nothing but the way that leads to it."""
    root = branch = Branch()
    for rest, taken in share.path:
        node = branch.answers[rest] = Node(rest)
        node.branches = {name: Branch(elsewhere=name != taken) for name in rest.movable}
        branch = node.branches[taken]
    return root


def _name_of(node: Node, branch: Branch) -> str:
    return next(name for name, known in node.branches.items() if known is branch)
