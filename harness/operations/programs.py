"""Which program works on which connection: as registered, else as the connection says itself."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping

_KEPT = 64
"""How many programs are remembered of one connection: a deadlock is read some time after it."""


class Programs:
    """Names of connections. May be used by any thread.

    >>> programs = Programs()
    >>> programs.register(7, "reservation registration", at=100.0)
    >>> programs.register(7, "vehicle inquiry", at=105.0)
    >>> programs.name(7, at=103.0), programs.name(7), programs.name(8, carried="progress update")
    ('reservation registration', 'vehicle inquiry', 'progress update')
    >>> programs.name(9)
    'connection 9'
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._named: dict[int, deque[tuple[float, str]]] = {}

    def register(self, connection: int, program: str, at: float | None = None) -> None:
        """From now on, or from a time in seconds since 1970, this connection runs that program."""
        since = time.time() if at is None else at
        with self._lock:
            self._named.setdefault(connection, deque(maxlen=_KEPT)).append((since, program))

    def name(self, connection: int, *, at: float | None = None, carried: str = "") -> str:
        """The program of a connection, now or at a time; `carried` if none is registered."""
        with self._lock:
            known = tuple(self._named.get(connection, ()))
        for since, program in reversed(known):
            if at is None or since <= at:
                return program
        if known:
            return known[0][1]
        return carried or f"connection {connection}"

    def names(self, carried: Mapping[int, str], *numbers: int) -> tuple[str, ...]:
        """The programs of some connections now."""
        return tuple(self.name(number, carried=carried.get(number, "")) for number in numbers)
