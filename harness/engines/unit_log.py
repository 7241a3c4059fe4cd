"""How much log one unit of work may write, and how an engine says that it is too much.

Pure knowledge: a statement, and the number of an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class UnitLog:
    """The log that holds what a unit of work has done until it commits."""

    log: str
    """Its name in `Measuring.log_bytes`."""
    sentence: str
    """Whether there is a limit, and what stands for one where there is none."""
    limit: str
    """A statement that sets the limit in bytes, {}, for sessions that are opened afterwards; empty
    if the engine has none."""
    unlimited: str
    """A statement that takes it off again."""
    step_bytes: int
    """The limit is a multiple of this."""
    is_full: Callable[[BaseException], bool]
    """Whether a driver's error says that the unit has reached the limit, by its code."""
