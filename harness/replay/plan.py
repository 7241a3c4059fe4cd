"""What is to be replayed, and at which pace: worked out before anything begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from harness.errors import UsageError
from harness.replay.arrivals import Arrival, as_clock
from harness.replay.day import Day, Prepared
from harness.replay.online import Due, Share

_SLICES = 60
_SLICE_MIN_S = 0.5


class BatchTime(Enum):
    """When the batch runs."""

    BESIDE = "beside"
    """In online time: moved there, as in the exam's problems 1 to 3."""
    AFTER = "after"
    """When the last online request has ended."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Pace:
    """How the day is replayed."""

    speed: float
    """How many seconds of the day pass in one second."""
    processes: int
    connections: int
    """For each program, in each process."""
    duration_s: float | None = None
    """The online part ends after so long, wherever the day is then."""
    lag_bound_s: float = 0.02
    """If the 99th percentile of lag is above it, the generator did not keep up."""

    def __post_init__(self) -> None:
        if not 0 < self.speed < float("inf"):
            raise UsageError(f"--speed {self.speed:g}: must be above 0", "--speed 60 is 60 times")
        if self.duration_s is not None and not 0 < self.duration_s < float("inf"):
            raise UsageError(f"--duration {self.duration_s:g}: must be above 0")


@dataclass(frozen=True)
class Plan:
    """One online day, divided among processes."""

    day: Day
    pace: Pace
    shares: Sequence[Share]
    counts: Mapping[str, int]
    """How many requests of each program are replayed."""
    length_s: float
    """How long the online part takes, from the start to where the day ends or is cut."""
    slice_s: float

    @property
    def total(self) -> int:
        """How many requests there are."""
        return sum(self.counts.values())


def plan_day(day: Day, pace: Pace, arrivals: Sequence[Arrival], prepared: Prepared) -> Plan:
    """Give every arrival its request and its moment, and divide them among the processes.

    Raises:
        UsageError: more requests arrive than the database has something for.
    """
    length_s = day.length_s / pace.speed
    if pace.duration_s is not None:
        length_s = min(length_s, pace.duration_s)
    slice_s = max(_SLICE_MIN_S, length_s / _SLICES)
    taken: Counter[str] = Counter()
    dues: list[dict[str, list[Due]]] = [{} for _ in range(pace.processes)]
    for at_s, name in arrivals:
        due_s = (at_s - day.opens_s) / pace.speed
        if not day.opens_s <= at_s <= day.closes_s:
            raise UsageError(
                f"an arrival at {as_clock(at_s)}: is outside online time, "
                f"{as_clock(day.opens_s)} to {as_clock(day.closes_s)}"
            )
        if due_s > length_s:
            continue
        number = taken[name]
        there = prepared.requests.get(name, ())
        if number >= len(there):
            raise UsageError(
                f"database too small: {name} has something to do for {len(there)} requests, "
                f"and {Counter(name for _, name in arrivals)[name]} arrive",
                "a larger --scale, or a trace with fewer arrivals of it",
            )
        taken[name] += 1
        dues[number % pace.processes].setdefault(name, []).append((due_s, there[number]))
    if not taken:
        raise UsageError("nothing to replay: no request arrives in the time that is replayed")
    shares = [Share(day.programs, due, pace.connections, slice_s) for due in dues]
    return Plan(day, pace, shares, dict(taken), length_s, slice_s)
