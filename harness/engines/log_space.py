"""How much space the log has, and what becomes of a unit of work that writes more than that.

Exam 2024 autumn, afternoon II, question 1, resource review (1): with the no-log mode cancelled the
log grows. Here a log is written in a circle or in files that are used again once a checkpoint has
passed them, so a unit may write many times the space. Pure knowledge: settings and queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LogSpace:
    """The space of the log that recovers a server after a crash."""

    sentence: str
    """What bounds it, and what happens at the bound."""
    setting: str
    """The setting that says how large it is."""
    too_small: Mapping[str, str]
    """Server settings with the least space."""
    space_bytes: int
    """What these settings mean in bytes."""
    log: str
    """The log's name in `Measuring.log_bytes`."""
    unit_bytes: int
    """A unit that writes so many bytes of rows writes more log than there is space."""
    on_disk: str
    """A query for the bytes that the log takes on the disk now."""
    checkpointed: str
    """A query for the place in the log up to which it is not needed any more, in bytes."""
