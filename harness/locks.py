"""Who waits for whom, as the server says it.

A *wait* is an edge: one of our sessions waits for others of ours. Waits for strangers (autovacuum,
an administrator's session) are not counted. A *wait graph* is all edges at one moment; a cycle in
it is a deadlock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

SessionName = str


@dataclass(frozen=True, slots=True)
class Wait:
    """One session of ours waits for others of ours, on something, as the server says it."""

    waiter: SessionName
    blockers: tuple[SessionName, ...]
    on: str = ""
    """What is waited for, in words: 'record lock on accounts.PRIMARY, id = 1'."""


@dataclass(frozen=True, slots=True)
class AwaitedLock:
    """The lock that one member of a deadlock waited for, as far as the server tells."""

    session: SessionName
    mode: str
    """In the server's words: 'X locks rec but not gap', 'ShareLock'."""
    table: str | None = None
    index: str | None = None
    gap: bool = False
    """It was an insert's, into a gap that another keeps."""


@dataclass(frozen=True, slots=True)
class DeadlockReport:
    """A deadlock as the server itself tells it."""

    cycle: tuple[SessionName, ...]
    """Each waits for the next, the last for the first; in the server's order."""
    lines: tuple[str, ...]
    """One line for each member: what it waited for, which lock on which table and index."""
    locks: tuple[AwaitedLock, ...] = ()
    """The same as values, for members of which the server tells it."""


class LockProbe(Protocol):
    """Asks one server who waits. Has a connection of its own, which no program uses."""

    def watch(self, sessions: Mapping[SessionName, int]) -> None:
        """Say which server-side session numbers (backend pid, connection id) are ours."""

    def waiting(self, among: Collection[SessionName]) -> Mapping[SessionName, Wait]:
        """Those of `among` which wait for others of ours, now. Quick: asked in a loop."""

    def unexamined_s(self) -> float:
        """How long until the server will have looked for a deadlock in each wait told last.

        Zero where it looks at once. To let another statement go before may change the victim.
        """

    def details(self, waiter: SessionName) -> Wait | None:
        """The same wait with all the server tells of it: which lock, which row. May be slow."""

    def last_deadlock(self, detail: str) -> DeadlockReport | None:
        """The server's own report of its newest deadlock.

        `detail` is what came with the victim's error: one engine tells the cycle there, the
        other keeps its newest deadlock in a status text.
        """

    def cancel(self, session: SessionName) -> None:
        """Ask the server to end this session's connection."""

    def close(self) -> None:
        """Close the probe's connection."""


@dataclass(frozen=True)
class WaitGraph:
    """All waits at one moment.

    >>> g = WaitGraph([Wait("T1", ("T2",)), Wait("T2", ("T3",)), Wait("T3", ("T1",))])
    >>> g.cycle()
    ('T1', 'T2', 'T3')
    >>> WaitGraph([Wait("T1", ("T2",))]).cycle()
    ()
    """

    waits: Sequence[Wait] = field(default=())

    def cycle(self) -> tuple[SessionName, ...]:
        """The sessions of one cycle, smallest name first; empty if there is none."""
        edges = {wait.waiter: wait.blockers for wait in self.waits}
        for start in sorted(edges):
            path = self._walk(start, edges, (start,))
            if path:
                return path
        return ()

    def _walk(
        self,
        start: SessionName,
        edges: Mapping[SessionName, tuple[SessionName, ...]],
        path: tuple[SessionName, ...],
    ) -> tuple[SessionName, ...]:
        for blocker in edges.get(path[-1], ()):
            if blocker == start:
                return path
            if blocker not in path and (found := self._walk(start, edges, (*path, blocker))):
                return found
        return ()
