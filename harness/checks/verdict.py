"""The three verdicts."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Verdict(enum.Enum):
    """What a check concluded. Ordered by how bad the news is.

    >>> Verdict.worst([Verdict.HOLDS, Verdict.UNKNOWN])
    <Verdict.UNKNOWN: 'unknown'>
    >>> Verdict.worst([])  # no evidence is not good news
    <Verdict.UNKNOWN: 'unknown'>
    """

    HOLDS = "holds"
    UNKNOWN = "unknown"
    VIOLATED = "violated"

    @classmethod
    def worst(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """The worst of several; unknown if there are none."""
        order = list(cls)
        return max(verdicts, key=order.index, default=cls.UNKNOWN)
