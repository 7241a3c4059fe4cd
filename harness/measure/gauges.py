"""What the server tells while a trial goes on: the bytes of its logs, the memory of its locks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from sqlalchemy import URL

from harness.engines.engine import Engine
from harness.engines.measuring import LockUse
from harness.servers import asking

EVERY_S = 0.12
"""Locks are looked at so often; some servers have no news before 0.1 s have passed."""


class Gauges:
    """A connection of its own, on which a thread asks. Use as a context manager.

    Raises the driver's error on entering or leaving if the server does not answer.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._measuring = engine.measuring
        self._connection = asking.connect(engine, url)
        self._before: Mapping[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.log_bytes: Mapping[str, int] = {}
        self.lock_use: LockUse | None = None

    def __enter__(self) -> Self:
        self._before = self._measuring.log_bytes(self._connection)
        if self._measuring.lock_use is not None:
            self.lock_use = LockUse(0, 0)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        try:
            if self._measuring.lock_use is not None:
                self._thread.join()
            if error is None:
                after = self._measuring.log_bytes(self._connection)
                self.log_bytes = {
                    name: value - self._before.get(name, 0) for name, value in after.items()
                }
        finally:
            self._connection.close()

    def _sample(self) -> None:
        read = self._measuring.lock_use
        assert read is not None, "there is something to sample"
        while not self._over.wait(EVERY_S):
            try:
                seen = read(self._connection)
            except self._engine.driver_error:
                return  # leaving finds the same, and tells
            most = self.lock_use or seen
            self.lock_use = LockUse(
                max(most.memory_bytes, seen.memory_bytes), max(most.rows, seen.rows)
            )
