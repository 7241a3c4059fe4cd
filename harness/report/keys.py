"""The keys that every cell of a document has, whatever made it: readers need not ask who did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def with_all_keys(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a cell tells, with the keys of a search's cells beside it, empty as it has not searched.

    >>> with_all_keys({"scenario": "drill crash", "complete": True})["complete"]
    True
    >>> with_all_keys({"scenario": "drill crash"})["deadlocks"] is None
    True
    """
    return {
        "isolation": None,
        "complete": False,
        "outcomes": None,
        "anomalies": None,
        "deadlocks": None,
        "executions_with_waits": None,
        "aborts": {},
        "finding": None,
        **told,
    }
