"""The keys that every cell of a document has, whatever made it: readers need not ask who did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FIRST = (
    "scenario",
    "variant",
    "engine",
    "version",
    "source",
    "isolation",
    "verdict",
    "executions",
    "complete",
    "elapsed_s",
)
"""What a cell of any command begins with."""


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


def with_whole_cells(content: Mapping[str, Any]) -> dict[str, Any]:
    """A document whose cells have all the keys; what a command has not told is null.

    >>> with_whole_cells({"cells": [{"verdict": "holds"}]})["cells"][0]["finding"] is None
    True
    >>> with_whole_cells({"plan": 1})
    {'plan': 1}
    """
    if "cells" not in content:
        return dict(content)
    return {**content, "cells": [_whole(cell) for cell in content["cells"]]}


def _whole(cell: Mapping[str, Any]) -> dict[str, Any]:
    whole = with_all_keys({**dict.fromkeys(_FIRST), **cell})
    whole = {**{key: whole[key] for key in _FIRST}, **whole}
    finding = whole["finding"]
    if finding is None or isinstance(finding, Mapping):
        return whole
    return {**whole, "finding": {"kind": whole["scenario"], "sentences": list(finding)}}
