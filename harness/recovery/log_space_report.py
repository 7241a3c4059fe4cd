"""The log-space drill as a person reads it, and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import __version__
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine
from harness.planning.explained import aligned
from harness.recovery.log_space import End, LogSpaceFound, Written

_HEADING = [
    "",
    "log written, bytes",
    "times the space",
    "on disk, at most",
    "checkpoint moved",
    "seconds",
    "outcome",
]


@dataclass
class LogSpaceCell:
    """The drill on one engine."""

    engine: Engine
    version: str
    source: str
    planned: Sequence[End]
    """How the units were to end that were to be written."""
    found: LogSpaceFound = field(default_factory=LogSpaceFound)
    elapsed_s: float = 0.0

    @property
    def title(self) -> str:
        """'MySQL 9.7.4'."""
        return f"{self.engine.title} {self.version}"

    @property
    def unknown(self) -> list[str]:
        """What could not be seen, because it was not tried for one."""
        space = self.engine.log_space
        tried = {run.end for run in self.found.runs}
        not_tried = [f"{end.value}: was not tried" for end in self.planned if end not in tried]
        return [*self.found.unknown(space.log, space.space_bytes), *not_tried]

    @property
    def verdict(self) -> Verdict:
        """What was found; a drill that broke off does not know the rest."""
        space = self.engine.log_space
        not_seen = [Verdict.UNKNOWN for _ in self.unknown]
        return Verdict.worst([self.found.verdict(space.log, space.space_bytes), *not_seen])

    @property
    def expected(self) -> Verdict:
        """Nothing is lost for want of space."""
        return Verdict.HOLDS


def log_space_text(cell: LogSpaceCell) -> str:
    """Everything that one engine showed."""
    space = cell.engine.log_space
    lines = [
        (
            f"{cell.title} ({cell.source}), profile durable, "
            f"{space.setting}={space.too_small[space.setting]}"
        ),
        space.sentence,
        cell.engine.unit_log.sentence,
        "",
        *aligned([_HEADING, *(_row(cell, run) for run in cell.found.runs)], right=[2, 3, 4, 5]),
    ]
    for run in cell.found.runs:
        if run.refused_in:
            lines += ["", f"{run.end.value}: the server said: {run.refused}"]
            lines += [f"the session still saw {run.stayed_rows:,} rows, until it rolled back"]
    lines += [f"violated: {said}" for said in cell.found.wrong()]
    return "\n".join(lines + [f"unknown: {said}" for said in cell.unknown])


def _row(cell: LogSpaceCell, run: Written) -> list[str]:
    space = cell.engine.log_space
    times = run.log_bytes.get(space.log, 0) / space.space_bytes
    outcome = f"{run.found_rows:,} rows there"
    if run.refused_in:
        outcome = f"refused in part {run.refused_in} of {run.parts}; {outcome}"
    return [
        run.end.value,
        ", ".join(f"{name} {number:,}" for name, number in run.log_bytes.items()),
        f"{times:.1f}",
        f"{run.on_disk_bytes:,}",
        f"{run.passed_bytes:,}",
        f"{run.elapsed_s:.1f}",
        outcome,
    ]


def log_space_line(cell: LogSpaceCell) -> str:
    """The verdict, with what it covers."""
    if cell.verdict is Verdict.HOLDS:
        refused = [run for run in cell.found.runs if run.refused_in]
        said = "no unit was refused for want of log space, nothing lost"
        if refused:
            said += "; only the limit of a unit's own log refused, and nothing of it stayed"
    else:
        said = "; ".join(cell.found.wrong() or cell.unknown)
    return f"{cell.verdict.value}: {cell.title}: {said}"


def log_space_document(cells: Sequence[LogSpaceCell]) -> dict[str, Any]:
    """Everything as values."""
    return {"harness": __version__, "cells": [_cell(cell) for cell in cells]}


def _cell(cell: LogSpaceCell) -> dict[str, Any]:
    space = cell.engine.log_space
    return {
        "scenario": "drill log-space",
        "variant": "too small",
        "engine": cell.engine.name,
        "version": cell.version,
        "source": cell.source,
        "isolation": None,
        "verdict": cell.verdict.value,
        "executions": len(cell.found.runs),
        "complete": not cell.unknown,
        "outcomes": None,
        "anomalies": None,
        "deadlocks": None,
        "executions_with_waits": None,
        "aborts": {},
        "settings": dict(space.too_small),
        "space_bytes": space.space_bytes,
        "runs": [
            {
                "end": run.end.value,
                "parts": run.parts,
                "log_bytes": dict(run.log_bytes),
                "on_disk_bytes": run.on_disk_bytes,
                "checkpoint_moved_bytes": run.passed_bytes,
                "refused_in_part": run.refused_in or None,
                "refused": run.refused or None,
                "rows": run.found_rows,
                "elapsed_s": round(run.elapsed_s, 3),
            }
            for run in cell.found.runs
        ],
        "finding": cell.found.wrong() or None,
        "elapsed_s": round(cell.elapsed_s, 3),
    }
