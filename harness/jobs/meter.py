"""What each job takes of a server that it has for itself: locks, their memory, bytes of log.

A server counts for all sessions at once, so jobs are metered only in a night that runs them one
after the other. Locks are asked for in the moment before a commit is sent, when a unit holds all of
its own: that is exact, where looking now and then would miss it. Bytes of log are those that were
written: a server that does not flush at each commit may tell some of them with a later job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL

from harness.clock import now_s, pause
from harness.closing import Closing
from harness.engines.engine import Engine
from harness.servers import asking

_NEWS_S = 0.12
"""Some servers have no news of their locks before 0.1 s have passed since they were asked."""


@dataclass
class JobUse:
    """What one job took."""

    rows: int | None = None
    """Rows locked at once, at the most; None if the server does not count them."""
    locks: int | None = None
    """Locks in the memory for them, as the server counts (`LockMemory`); None if
    nobody looked."""
    lock_bytes: int = 0
    """Their memory; 0 if the server does not show it."""
    log_bytes: Mapping[str, int] = field(default_factory=dict)
    """By the log's name."""


class JobMeter(Closing):
    """Asks over a connection of its own. Use as a context manager; a lost server ends the asking.

    Raises the driver's error on entering if the server does not answer.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url
        self._connection: Any = None
        self._asked_s = 0.0
        self._before: Mapping[str, int] = {}
        self.uses: dict[str, JobUse] = {}

    def open(self) -> None:
        """Connect."""
        self._connection = asking.connect(self._engine, self._url)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def begin(self, job: str) -> None:
        """A job is about to run, perhaps again."""
        self._ask(lambda: self._begin(job))

    def at_commit(self, job: str) -> None:
        """A commit of the job is about to be sent."""
        use = self.uses.get(job)
        if use is None:
            return
        wait_s = _NEWS_S - (now_s() - self._asked_s)
        if wait_s > 0 and use.locks is not None:
            return  # one of many commits: the next one shows as much
        if wait_s > 0:
            pause(wait_s)
        self._ask(lambda: self._look(use))

    def end(self, job: str) -> None:
        """The job has ended well."""
        if job in self.uses:
            self._ask(lambda: self._end(self.uses[job]))

    def _begin(self, job: str) -> None:
        self._before = self._engine.measuring.log_bytes(self._connection)
        self.uses[job] = JobUse()

    def _look(self, use: JobUse) -> None:
        read = self._engine.measuring.lock_use
        held = asking.rows_of(self._connection, self._engine.lock_memory.held)[0]
        use.locks = max(use.locks or 0, int(held[0]))
        use.lock_bytes = max(use.lock_bytes, int(held[1]))
        if read is not None:
            # Of the same moment: asked again so soon, the server repeats itself.
            use.rows = max(use.rows or 0, read(self._connection).rows)
        self._asked_s = now_s()

    def _end(self, use: JobUse) -> None:
        after = self._engine.measuring.log_bytes(self._connection)
        use.log_bytes = {name: after[name] - self._before[name] for name in after}

    def _ask(self, question: Any) -> None:
        """Jobs go on without being metered if the server does not answer: they will notice."""
        if self._connection is None:
            return
        try:
            question()
        except self._engine.driver_error:
            self._connection = None
            self.uses.clear()
