"""The ledger: what the server promised, kept outside the server."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from harness.checks.durability import Promise
from harness.clock import now_s
from harness.outcome import Committed


class Ledger:
    """Promises in the order in which they were made; written by many threads.

    It lives in the process that drills, which no drill kills.
    """

    def __init__(self) -> None:
        self._promises: list[Promise] = []
        self._lock = threading.Lock()
        self._last_s: float | None = None

    def record(self, promise: Promise) -> None:
        """Write down how a transaction ended."""
        with self._lock:
            self._promises.append(promise)
            if isinstance(promise.outcome, Committed):
                self._last_s = now_s()

    def promises(self, since: int = 0) -> Sequence[Promise]:
        """All promises, or those after the first so many."""
        with self._lock:
            return tuple(self._promises[since:])

    @property
    def last_acknowledged_s(self) -> float | None:
        """When the last commit was acknowledged, on the clock of `now_s`; None if none was."""
        return self._last_s

    def __len__(self) -> int:
        return len(self._promises)
