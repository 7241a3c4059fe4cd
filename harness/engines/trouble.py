"""What an error says of the server itself: whether it answered, and if not, what was seen."""

from __future__ import annotations

from enum import Enum


class Trouble(Enum):
    """What was seen of a server. Each value ends a sentence about it."""

    REFUSED = "refused what the harness asked"
    """It answered, with an error of its own."""
    UNREACHED = "took no connection"
    LOST = "is gone, or ended the connection"
    LATE = "did not answer in time"
