"""Which job waited for a lock of which, and when: the server is asked while jobs are at work."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from harness.engines.engine import Engine
from harness.locks import LockProbe

_EVERY_S = 0.05


@dataclass
class LockWait:
    """One job waited for others; from the first to the last time that the server said so."""

    waiter: str
    blockers: tuple[str, ...]
    began: datetime
    last_seen: datetime


class WaitWatch:
    """Asks the server for waits between the jobs that are at work, twenty times a second.

    What is shorter than that may be missed: it is a picture, and no proof of anything.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url
        self._lock = threading.Lock()
        self._jobs: dict[str, int] = {}
        self._waits: list[LockWait] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="waits", daemon=True)
        self.blind = ""
        """Why nothing more could be seen; empty if all went well."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def begin(self, job: str, session: int) -> None:
        """A job is at work on this session of the server's."""
        with self._lock:
            self._jobs[job] = session

    def end(self, job: str) -> None:
        """It no longer is."""
        with self._lock:
            self._jobs.pop(job, None)

    def cancel(self) -> None:
        """Have the server end the sessions of all jobs that are at work, if it still can."""
        with self._lock:
            jobs = dict(self._jobs)
        try:
            probe = self._engine.probe(self._url)
            try:
                probe.watch(jobs)
                for job in jobs:
                    probe.cancel(job)
            finally:
                probe.close()
        except (DBAPIError, self._engine.driver_error, OSError):
            pass  # A server that is gone has ended them already.

    @property
    def waits(self) -> Sequence[LockWait]:
        """What was seen so far."""
        with self._lock:
            return list(self._waits)

    def _watch(self) -> None:
        try:
            probe = self._engine.probe(self._url)
            try:
                while not self._over.wait(_EVERY_S):
                    self._look(probe)
            finally:
                probe.close()
        except (DBAPIError, self._engine.driver_error, OSError) as error:
            self.blind = f"lock waits were not seen to the end: {type(error).__name__}"

    def _look(self, probe: LockProbe) -> None:
        with self._lock:
            jobs = dict(self._jobs)
        if len(jobs) < 2:
            return
        probe.watch(jobs)
        found = probe.waiting(jobs.keys())
        now = datetime.now(UTC)
        with self._lock:
            for wait in found.values():
                before = next((w for w in reversed(self._waits) if w.waiter == wait.waiter), None)
                goes_on = before is not None and (
                    (now - before.last_seen).total_seconds() < 4 * _EVERY_S
                )
                if before is not None and goes_on and before.blockers == wait.blockers:
                    before.last_seen = now
                else:
                    self._waits.append(LockWait(wait.waiter, wait.blockers, now, now))
