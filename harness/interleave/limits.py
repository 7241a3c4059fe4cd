"""What ends an execution that would never end by itself. Every limit leads to *unknown*."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends an execution that would never end by itself."""

    step_s: float = 15.0
    """A step that neither settles nor waits for so long makes the execution unknown."""
    steps: int = 1_000
    """A program that takes more steps than this is stopped."""
    attempts: int = 1
    """How often a refused program is run before it gives up."""
