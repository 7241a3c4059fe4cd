"""How many log bytes a program writes for a request: some requests run alone, one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.replay.attempt import Line
from harness.replay.day import OnlineProgram
from harness.replay.log_bytes import LogMeter
from harness.replay.opening import Place
from harness.replay.tally import End


@dataclass(frozen=True, slots=True)
class LogSample:
    """What some requests of a program wrote to the logs while nobody else was at work."""

    requests: int
    """How many were committed."""
    log_bytes: Mapping[str, int]
    """Of all of them, by kind of log."""

    @property
    def bytes_each(self) -> float:
        """Bytes for a request, all logs together."""
        return sum(self.log_bytes.values()) / self.requests


def sample_log_bytes(
    place: Place,
    programs: Mapping[str, OnlineProgram],
    requests: Mapping[str, Sequence[Any]],
) -> dict[str, LogSample]:
    """Run requests alone and measure; programs of which none was committed are left out.

    Raises:
        ServerError: the server does not take a connection.
    """
    found = {}
    database = place.database("log sample")
    with place.connecting(), LogMeter(place.engine, place.url) as meter:
        line = Line(place.engine, database, place.attempts, lambda _number: None)
        line.open()
        for name, some in requests.items():
            before = meter.read()
            expected = programs[name].expected_errors
            ends = [line.run(programs[name].run, (request,), expected).end for request in some]
            written = None if before is None else meter.since(before)
            if written is not None and (committed := ends.count(End.COMMITTED)):
                found[name] = LogSample(committed, written)
        line.close()
    return found
