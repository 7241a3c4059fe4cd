"""The ledger: what the server promised, kept outside the server."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from harness.checks.durability import Promise, Ticket
from harness.clock import now_s
from harness.outcome import Committed, Indeterminate, RolledBack


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

    def settle(self, held: Mapping[Ticket, bool]) -> None:
        """Write down what a recovery has decided of transactions of which nobody had said it.

        What is there after one recovery may not vanish at the next, nor what is not appear. `held`
        is as `harness.checks.durability.judge` takes it; what is there in part stays open.
        """
        with self._lock:
            self._promises = [_settled(promise, held) for promise in self._promises]

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


def _settled(promise: Promise, held: Mapping[Ticket, bool]) -> Promise:
    if not isinstance(promise.outcome, Indeterminate):
        return promise
    match held.get(promise.ticket):
        case None:
            return Promise(promise.ticket, RolledBack())
        case True:
            return Promise(promise.ticket, Committed())
        case _:
            return promise
