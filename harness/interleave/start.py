"""What every execution of a cell starts from. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from harness.interleave.history import Setting


@dataclass(frozen=True)
class Start:
    """The tables and their first rows, as values and as texts."""

    setting: Setting
    making: tuple[str, ...]
    """Statements that make the tables."""
    loading: tuple[str, ...]
    """Statements that load the rows, those that others refer to first, and set the counters."""
    unwritable: tuple[str, ...] = ()
    """What of it cannot be written as statements: 'the rows of account'."""
    triggers: tuple[str, ...] = ()
    """Tables with triggers, which are in none of the texts."""
