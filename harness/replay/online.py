"""What a generator process does with online programs: a pool for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.replay.day import OnlineProgram
from harness.replay.opening import Place
from harness.replay.pool import Pool

Due = tuple[float, Any]
"""When it is due, in seconds after the start, and the request."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an online day that one process replays."""

    programs: Mapping[str, OnlineProgram]
    requests: Mapping[str, Sequence[Due]]
    connections: int
    """For each program."""
    slice_s: float


class OnlineWork:
    """The pools of one process."""

    def __init__(self, place: Place, share: Share) -> None:
        self._place = place
        engine = place.engine
        self._pools = [
            Pool(
                share.programs[name],
                requests,
                engine,
                place.database(name),
                share.connections,
                place.attempts,
                share.slice_s,
            )
            for name, requests in share.requests.items()
            if requests
        ]

    def connect(self) -> None:
        """Open all connections.

        Raises:
            ServerError: the server did not take them.
        """
        with self._place.connecting():
            for pool in self._pools:
                pool.connect()

    def start(self, start_s: float) -> None:
        """Begin at this moment."""
        for pool in self._pools:
            pool.start(start_s)

    def stop(self) -> None:
        """Take no further request."""
        for pool in self._pools:
            pool.stop()

    def at_work(self) -> int:
        """How many threads have not come to their end."""
        return sum(pool.at_work() for pool in self._pools)

    def count(self) -> None:
        """Count what has ended since the last time."""
        for pool in self._pools:
            pool.count()

    def told(self, *, whole: bool) -> Mapping[str, Any]:
        """For each program its tally, when its last request ended, its connections' numbers."""
        return {
            pool.program.name: {
                "tally": pool.told(whole=whole),
                "ended_s": pool.ended_s,
                "connections": list(pool.opened),
            }
            for pool in self._pools
        }
