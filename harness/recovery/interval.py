"""What rare checkpoints buy, and what they cost: steady work in between, then a kill.

The engine itself takes its checkpoints, by its own setting for how much log may lie behind the last
one. Writers change rows that lie far from each other, so that many pages are changed once and few
twice: after each checkpoint such pages cost most.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import URL
from sqlalchemy import Engine as Database

from harness.checks.durability import Durability
from harness.clock import Deadline, now_s, pause
from harness.outcome import Committed
from harness.recovery.distance import DistanceDrill, Point, Struck
from harness.recovery.distance_rows import change_stock
from harness.servers import asking
from harness.servers.databases import fresh_database

WRITERS = 2
_SAMPLE_S = 0.1


@dataclass(frozen=True)
class Interval:
    """Steady work under one setting, and the recovery behind it."""

    limit_bytes: int
    """Log that the setting allows behind a checkpoint."""
    length_s: float
    commits: int
    """Acknowledged in that time."""
    written_bytes: int
    """Of the log that a recovery reads, in that time."""
    most_bytes: int
    """The most log since the last checkpoint that was seen; it is asked ten times a second."""
    point: Point
    """The recovery; its log bytes are those at the kill."""

    @property
    def commits_s(self) -> float:
        """Commits a second."""
        return self.commits / self.length_s


def measure_interval(drill: DistanceDrill, limit_bytes: int, length_s: float) -> Interval:
    """Work steadily for so long on a server that runs with the setting, kill it, start it again.

    Raises:
        HarnessError: the server ended before it was killed, or does not do its work.
    """
    found: Interval | None = None
    try:
        with fresh_database(drill.server) as url, drill.database(url) as database:
            drill.prepare(database, url, stock=True)
            found = _work_and_kill(drill, database, url, limit_bytes, length_s)
    except drill.kind.driver_error:
        # The database of a server that did not come back cannot be dropped.
        if found is None or not found.point.trouble:
            raise
    return found


def _work_and_kill(
    drill: DistanceDrill, database: Database, url: URL, limit_bytes: int, length_s: float
) -> Interval:
    struck = Struck(len(drill.server.log()))
    with asking.connected(drill.kind, url) as asked, drill.fleet(url) as fleet:
        begun_s = now_s()
        for number in range(1, WRITERS + 1):
            fleet.start(f"w{number}", 0, change_stock)
        drill.wait_for_commit(fleet, begun_s)
        before, first, begun_s = _written(drill, asked), len(drill.ledger), now_s()
        work = Deadline.after(length_s)
        while not work.over():
            pause(_SAMPLE_S)
            struck.sample(drill.log_bytes(asked))
        done = drill.ledger.promises(first)
        worked_s, written = now_s() - begun_s, _written(drill, asked) - before
        struck.sample(drill.log_bytes(asked))
        drill.kill(fleet, struck)
    point = Point(0, 0, struck.log_bytes, struck.checkpoints, Durability(), None)
    return Interval(
        limit_bytes,
        worked_s,
        sum(isinstance(promise.outcome, Committed) for promise in done),
        written,
        struck.log_bytes_most,
        drill.recover(database, url, struck, point),
    )


def _written(drill: DistanceDrill, asked: object) -> int:
    """Bytes so far of the log that a recovery reads, which an engine names first."""
    return next(iter(drill.kind.measuring.log_bytes(asked).values()))
