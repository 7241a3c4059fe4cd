"""Bytes of the server's logs between two moments, and per program where it was at work alone.

The server counts for all at once. So a batch stage's bytes are its own only when no online program
ran beside it, and those of an online program are had by running some of its requests alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import URL

from harness.clock import pause
from harness.closing import Closing
from harness.engines import Engine
from harness.engines.monitoring import FigureProbe
from harness.errors import ServerError

_FIGURES = ("log_bytes", "binary_log_bytes")

_LATE_S = 0.1
"""MySQL's place in its log was seen to stand still for up to 50 ms after a commit."""

LogBytes = Mapping[str, int]
"""By the monitor's figures: 'log_bytes' is the log from which the server recovers (by its place in
it, so what is not on disk yet counts), 'binary_log_bytes' the other one, where there is one."""


class LogMeter(Closing):
    """Reads how far the logs have come, over a connection of its own."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url
        self._probe: FigureProbe | None = None

    def open(self) -> None:
        """Connect.

        Raises:
            ServerError: the server did not take the connection.
        """
        try:
            self._probe = self._engine.monitoring.probe(self._url)
        except self._engine.driver_error as error:
            raise ServerError(f"{self._engine.name}: no connection: {error}") from None

    def close(self) -> None:
        """Close the connection."""
        if self._probe is not None:
            self._probe.close()
            self._probe = None

    def read(self) -> LogBytes | None:
        """How far each log has come; None if the server does not answer, or does not tell."""
        if self._probe is None:
            return None
        pause(_LATE_S)
        try:
            told = self._probe.read(slowly=False).values
        except self._engine.driver_error:
            return None
        return {name: int(told[name]) for name in _FIGURES if name in told} or None

    def since(self, before: LogBytes) -> dict[str, int] | None:
        """How many bytes were added to each log; None if that is not known."""
        now = self.read()
        if now is None or now.keys() != before.keys():
            return None
        return {name: now[name] - before[name] for name in now}
