"""What an engine tells while a run is measured: bytes of its logs, memory of its locks.

Pure knowledge, over a driver's own connection that the caller opens: `harness.measure` asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LockUse:
    """What all transactions of a server hold at one moment."""

    memory_bytes: int
    """Memory of their lock structures."""
    rows: int
    """Rows that they have locked, as the server counts them."""


@dataclass(frozen=True)
class Measuring:
    """How a server of one kind is asked for figures, and brought to rest between two runs."""

    log_bytes: Callable[[Any], Mapping[str, int]]
    """Bytes written so far to each log that is on, by its name; only differences mean something."""
    lock_use: Callable[[Any], LockUse] | None
    """What transactions hold now; None if the engine keeps no such memory, see the capability
    'shows lock memory'."""
    settle: Callable[[Sequence[str]], Sequence[str]]
    """Statements after tables were filled anew: statistics, and nothing left to be tidied up."""
    end_session: str
    """A statement that ends a session of the server; {} is the number by which the server knows it.
    What it had not committed is rolled back."""
