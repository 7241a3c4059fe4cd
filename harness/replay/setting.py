"""Everything that was said of a replay: by this runs are told apart, and repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from harness.replay.plan import BatchTime, Pace


@dataclass(frozen=True, slots=True)
class Setting:
    """What is replayed, on how much data, at which pace."""

    day: str
    programs: tuple[str, ...]
    """The online programs."""
    batch: BatchTime
    scale: float
    seed: int
    business_date: date
    arrivals: str
    """'poisson', or the trace's path."""
    attempts: int
    pace: Pace

    def document(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "day": self.day,
            "programs": list(self.programs),
            "batch": self.batch.value,
            "scale": self.scale,
            "seed": self.seed,
            "business_date": self.business_date.isoformat(),
            "arrivals": self.arrivals,
            "attempts": self.attempts,
            "speed": self.pace.speed,
            "duration_s": self.pace.duration_s,
            "processes": self.pace.processes,
            "connections": self.pace.connections,
            "lag_bound_s": self.pace.lag_bound_s,
        }
