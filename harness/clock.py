"""Time: deadlines and polling. The only room that sleeps.

Elapsed time is never evidence about a database. It decides only when to ask again, and when to
give up, which is always the verdict *unknown*.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment after which waiting is given up. Keeps its length, to say it in messages."""

    length_s: float
    _at: float

    @classmethod
    def after(cls, length_s: float) -> Deadline:
        """A deadline `length_s` seconds from now."""
        return cls(length_s, time.monotonic() + length_s)

    def remaining_s(self) -> float:
        """Seconds left; zero when over."""
        return max(0.0, self._at - time.monotonic())

    def over(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self._at


def poll(deadline: Deadline, what: str, every_s: float = 0.05) -> Iterator[float]:
    """Yield elapsed seconds again and again, with a pause between, until the deadline.

    Raises:
        DeadlineExceeded: the loop body did not leave the loop in time.
    """
    start = time.monotonic()
    while True:
        yield time.monotonic() - start
        if deadline.over():
            raise DeadlineExceeded(f"{what}: not within {deadline.length_s:g} s")
        time.sleep(min(every_s, max(0.0, deadline.remaining_s())))


def pause(length_s: float) -> None:
    """Do nothing for so long: to spread starts, or for what a server does by its own clock."""
    time.sleep(length_s)


def now_s() -> float:
    """Seconds on a clock that never goes back; only differences mean something."""
    return time.monotonic()


def computed_s() -> float:
    """Seconds for which this process has computed, on all its threads."""
    return time.process_time()
