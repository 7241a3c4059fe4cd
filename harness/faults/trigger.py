"""Wait for the moment of a kill among the writers' own steps."""

from __future__ import annotations

import threading

from harness.errors import DeadlineExceeded
from harness.faults.moment import Kind, Moment

_LIMIT_S = 60.0


class KilledBeforeCommit(Exception):
    """Raised in a program instead of its commit: the server is dead, nothing was sent."""


class Trigger:
    """One moment, and whether it has come. Writers tell it what they are about to do.

    Where the moment is a commit, the writer whose commit it is waits here until the kill is done;
    the others go on, so the kill meets them wherever they are.
    """

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.begun = threading.Event()
        """A first commit was acknowledged: the writers are at work."""
        self.fired = threading.Event()
        """The moment has come: kill now."""
        self.dead = threading.Event()
        """The kill is done."""
        self._asked = 0
        self._mine: int | None = None
        self._lock = threading.Lock()

    def commit_asked(self) -> None:
        """A writer is about to send its commit.

        Raises:
            KilledBeforeCommit: it was its turn to be killed before that.
        """
        with self._lock:
            self._asked += 1
            hit = self._asked == self.moment.commit and self._is(
                Kind.BEFORE_COMMIT, Kind.DURING_COMMIT, Kind.AFTER_COMMIT
            )
            if hit:
                self._mine = threading.get_ident()
        if not hit or self._is(Kind.AFTER_COMMIT):
            return
        self.fired.set()
        if self._is(Kind.BEFORE_COMMIT):
            self._wait_dead()
            raise KilledBeforeCommit

    def commit_acknowledged(self) -> None:
        """A writer's commit was acknowledged, and is in the ledger."""
        self.begun.set()
        if self._is(Kind.AFTER_COMMIT) and self._mine == threading.get_ident():
            self.fired.set()
            self._wait_dead()

    def commit_refused(self) -> None:
        """A writer's commit did not come to its end: another takes its place."""
        with self._lock:
            if self._is(Kind.AFTER_COMMIT) and self._mine == threading.get_ident():
                self._mine, self._asked = None, self.moment.commit - 1

    def _is(self, *kinds: Kind) -> bool:
        return self.moment.kind in kinds

    def _wait_dead(self) -> None:
        if not self.dead.wait(_LIMIT_S):
            raise DeadlineExceeded(f"kill {self.moment}: not done within {_LIMIT_S:g} s")
