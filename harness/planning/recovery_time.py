"""How long the server takes to come back, by the exam's model.

Exam 2024 autumn, afternoon II, question 1, RDBMS specification 5 and "RDBMS再開始に要する時間":
from the last checkpoint on, what every job wrote with a log is rolled forward in sequence, whether
it was committed or not (2 ms a row); then what was not committed is rolled back, each transaction
beside the others (1 ms a row of the largest). So the time is

    2 ms x rows written since the checkpoint + 1 ms x most rows of one unfinished transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain

from harness.errors import UsageError
from harness.jobs.network import Network
from harness.scenario import choose

FORWARD_MS = 2.0
BACK_MS = 1.0


@dataclass(frozen=True, slots=True)
class RecoveryTime:
    """One case of a crash in a window."""

    case: str
    forward: tuple[str, ...]
    """Jobs of which something is rolled forward."""
    forward_rows: int
    back: tuple[str, ...]
    """Jobs of which something is rolled back."""
    back_rows: int
    """The most rows of one of them, as they are rolled back beside each other."""
    seconds: float


def predict(
    network: Network,
    window: int,
    checkpoint: str,
    *,
    no_log: Collection[str] = (),
    whole_rollback: bool = True,
    forward_ms: float = FORWARD_MS,
    back_ms: float = BACK_MS,
) -> tuple[RecoveryTime, RecoveryTime]:
    """The shortest and the worst case of a crash in a window, the last checkpoint being given.

    The shortest: just before anything is written in that window. The worst: just before every
    writing job of the window commits; where one of them follows another, the first has committed.
    `whole_rollback` takes a job that commits in between as if it did not, as the exam's worst case
    does; otherwise one unit of it is rolled back. What goes into tables of `no_log` has no log.

    Raises:
        UsageError: no such window or milestone, or the checkpoint lies behind the crash.
    """
    windows = len(network.milestones) - 1
    if not 1 <= window <= windows:
        raise UsageError(f"window {window}: the night has windows 1 to {windows}")
    choose("milestone", checkpoint, dict.fromkeys(network.milestones))
    since = network.milestones.index(checkpoint) + 1
    if since > window:
        raise UsageError(f"checkpoint at {checkpoint}: lies behind a crash in window {window}")

    def logged(number: int) -> list[str]:
        """The jobs of a window that write what has a log."""
        names = network.jobs_in(number)
        return [n for n in names if network.jobs[n].rows and network.jobs[n].writes - set(no_log)]

    def time(case: str, forward: list[str], back: list[str]) -> RecoveryTime:
        jobs = network.jobs
        rows = sum(jobs[name].rows for name in forward)
        most = max(
            (jobs[n].rows if whole_rollback else jobs[n].uncommitted_rows for n in back), default=0
        )
        seconds = (rows * forward_ms + most * back_ms) / 1000
        return RecoveryTime(case, tuple(forward), rows, tuple(back), most, seconds)

    before = list(chain.from_iterable(logged(number) for number in range(since, window)))
    here = logged(window)
    last = [n for n in here if not any(n in network.ancestors[other] for other in here)]
    return time("shortest", before, []), time("worst", before + here, last)
