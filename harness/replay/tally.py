"""What came of the requests of one program, or of one job: counted, and added up."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from harness.replay.latency import Durations
from harness.replay.rows import Rows


class End(enum.Enum):
    """How a request ended."""

    COMMITTED = "committed"
    """The program came to its end."""
    DECLINED = "declined"
    """The program said no, with an error of its contract."""
    REFUSED = "refused"
    """The server refused, and no attempt was left or none would have helped."""
    FAILED = "failed"
    """The program raised what it never should."""
    LOST = "lost"
    """The connection broke: whether it was committed is not known."""


@dataclass
class Tally:
    """What came of a program's requests, as far as they have ended."""

    ends: Counter[End] = field(default_factory=Counter)
    retries: int = 0
    """Attempts after the first."""
    refusals: Counter[str] = field(default_factory=Counter)
    """The server's refusals by kind and code, whether an attempt followed or not."""
    errors: Counter[str] = field(default_factory=Counter)
    """What else was raised: the name of the exception and the beginning of what it says."""
    found_busy: int = 0
    """Requests that found every connection of their program at work."""
    rows: Rows = field(default_factory=Rows)
    latency: Durations = field(default_factory=Durations)
    """From the intended start to the end, of requests that ended in any way but lost."""
    lag: Durations = field(default_factory=Durations)
    """From the intended start to the start."""
    slices: dict[int, Durations] = field(default_factory=dict)
    """Latency by slice of the run in which the request was meant to start."""

    @property
    def ended(self) -> int:
        """How many requests have ended."""
        return self.ends.total()

    def record(self, end: End, lag_s: float, latency_s: float, slice_no: int) -> None:
        """Count a request that has ended."""
        self.ends[end] += 1
        self.lag.record_s(lag_s)
        if end is End.LOST:
            return
        self.latency.record_s(latency_s)
        found = self.slices.get(slice_no)
        if found is None:
            found = self.slices[slice_no] = Durations(coarse=True)
        found.record_s(latency_s)

    def add(self, other: Tally) -> None:
        """Count another's as well."""
        self.ends += other.ends
        self.retries += other.retries
        self.refusals += other.refusals
        self.errors += other.errors
        self.found_busy += other.found_busy
        self.rows.add(other.rows)
        self.latency.add(other.latency)
        self.lag.add(other.lag)
        for number, durations in other.slices.items():
            self.slices.setdefault(number, Durations(coarse=True)).add(durations)

    def packed(self) -> dict[str, Any]:
        """As plain values, which travel between processes and are stored."""
        return {
            "ends": {end.value: self.ends[end] for end in End},
            "retries": self.retries,
            "refusals": dict(self.refusals),
            "errors": dict(self.errors),
            "found_busy": self.found_busy,
            "added": self.rows.added,
            "updated": self.rows.updated,
            "deleted": self.rows.deleted,
            "latency": self.latency.encode(),
            "lag": self.lag.encode(),
            "slices": {str(number): d.encode() for number, d in sorted(self.slices.items())},
        }

    def brief(self) -> dict[str, Any]:
        """What a progress display needs, quickly: the numbers and the latencies."""
        return {
            "ended": self.ended,
            "retries": self.retries,
            "refusals": self.refusals.total(),
            "latency": self.latency.encode(),
            "lag": self.lag.encode(),
        }

    @classmethod
    def unpacked(cls, values: dict[str, Any]) -> Tally:
        """What `packed` made.

        Raises:
            KeyError, ValueError: the values are no tally's.
        """
        return cls(
            Counter({End(name): number for name, number in values["ends"].items()}),
            values["retries"],
            Counter(values["refusals"]),
            Counter(values["errors"]),
            values["found_busy"],
            Rows(values["added"], values["updated"], values["deleted"]),
            Durations.decode(values["latency"]),
            Durations.decode(values["lag"]),
            {int(number): Durations.decode(d) for number, d in values["slices"].items()},
        )
