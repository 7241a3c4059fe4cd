"""The lock-memory drill as a person reads it, and as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import __version__
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine
from harness.planning.explained import aligned
from harness.recovery.lock_memory import Attempt, LockMemoryFound, Size, judged

_HEADING = ("", "setting", "open at once", "locks", "bytes", "outcome")


@dataclass
class LockMemoryCell:
    """The drill on one engine."""

    engine: Engine
    version: str
    source: str
    size: Size
    control: bool = False
    found: LockMemoryFound = field(default_factory=LockMemoryFound)
    elapsed_s: float = 0.0

    @property
    def title(self) -> str:
        """'MySQL 9.7.4'."""
        return f"{self.engine.title} {self.version}"

    @property
    def verdict(self) -> Verdict:
        """What was found. A control tries no cure, so none is missing."""
        found = self.found
        if self.control and found.small is not None and found.small.full is not None:
            return Verdict.VIOLATED if found.wrong() else Verdict.HOLDS
        return found.verdict

    @property
    def expected(self) -> Verdict:
        """A control commits a job's first part, which must be noticed."""
        return Verdict.VIOLATED if self.control else Verdict.HOLDS


def lock_memory_text(cell: LockMemoryCell) -> str:
    """Everything that one engine showed."""
    memory, size, found = cell.engine.lock_memory, cell.size, cell.found
    lines = [
        f"{cell.title} ({cell.source}), profile exploring",
        memory.sentence,
        (
            f"{size.jobs} jobs, each locks {size.locks:,} places (a {memory.lock} each) in "
            f"{size.parts} parts and writes a row for each part"
        ),
        "",
    ]
    rows = [_HEADING]
    if found.small is not None:
        rows.append(_row("one unit a job", memory.too_small, memory.setting, found.small))
    if found.parts is not None:
        rows.append(_row("a commit for each part", memory.too_small, memory.setting, found.parts))
    if found.planned is not None:
        rows.append(_row("one unit a job, as planned", found.sized, memory.setting, found.planned))
    lines += aligned(rows, right=[2, 3, 4])
    if found.small is not None and found.small.full is not None:
        lines += ["", *_refusal(found.small)]
    lines += [f"violated: {said}" for said in found.wrong()]
    lines += [f"unknown: {said}" for said in found.unknown() if not cell.control]
    return "\n".join(lines)


def _row(
    what: str, settings: Mapping[str, str], setting: str, attempt: Attempt
) -> tuple[str, str, str, str, str, str]:
    need, full = attempt.need, attempt.full
    jobs = len(attempt.ended) + (full is not None) if attempt.in_one_unit else 1
    if full is None:
        outcome = f"all {len(attempt.ended)} jobs ended"
    else:
        outcome = f"job {full.job} refused in part {full.part} ({full.code})"
    return (
        what,
        f"{setting}={settings[setting]}",
        str(jobs),
        "-" if need is None else f"{need.locks:,}",
        "-" if need is None or not need.memory_bytes else f"{need.memory_bytes:,}",
        outcome,
    )


def _refusal(attempt: Attempt) -> list[str]:
    full, size = attempt.full, attempt.size
    assert full is not None, "asked only where there was one"
    of_job = sum(job == full.job for job, _ in attempt.found_done)
    others = {row for row in attempt.found_done if row[0] in attempt.ended}
    seen = len(attempt.found_beside & attempt.beside)
    return [
        f"job {full.job} was told: {full.code} {full.text}",
        f"its session {full.session}",
        f"its rows: {of_job} of {full.part}",
        (
            f"rows of the other jobs, which committed afterwards: {len(others)} of "
            f"{len(attempt.ended) * size.parts}"
        ),
        f"commits of a session beside them: {seen} of {len(attempt.beside)}, the last after that",
    ]


def lock_memory_line(cell: LockMemoryCell) -> str:
    """The verdict, with what it covers."""
    found = cell.found
    full = None if found.small is None else found.small.full
    if cell.verdict is Verdict.HOLDS and full is not None:
        said = f"refused with {full.code}, nothing lost"
        if not cell.control:
            said += "; with commits in between and with the planned size all jobs ended"
    else:
        said = "; ".join([*found.wrong(), *(() if found.wrong() else found.unknown())])
        said += ", as a control must" if cell.control and found.wrong() else ""
    return f"{cell.verdict.value}: {cell.title}: {said}"


def lock_memory_document(cells: Sequence[LockMemoryCell]) -> dict[str, Any]:
    """Everything as values."""
    return {"harness": __version__, "cells": [_cell(cell) for cell in cells]}


def _cell(cell: LockMemoryCell) -> dict[str, Any]:
    found, attempts = cell.found, cell.found.attempts()
    codes = [attempt.full.code for attempt in attempts if attempt.full is not None]
    return {
        "scenario": "drill lock-memory",
        "variant": "control" if cell.control else "too small",
        "engine": cell.engine.name,
        "version": cell.version,
        "source": cell.source,
        "isolation": None,
        "verdict": cell.verdict.value,
        "executions": len(attempts),
        "complete": not found.unknown(),
        "outcomes": None,
        "anomalies": None,
        "deadlocks": None,
        "executions_with_waits": None,
        "aborts": {code: codes.count(code) for code in codes},
        "jobs": cell.size.jobs,
        "locks": cell.size.locks,
        "parts": cell.size.parts,
        "too_small": dict(cell.engine.lock_memory.too_small),
        "sized": found.sized,
        "small": _attempt(found.small),
        "commit_each_part": _attempt(found.parts),
        "planned": _attempt(found.planned),
        "finding": found.wrong() or None,
        "elapsed_s": round(cell.elapsed_s, 3),
    }


def _attempt(attempt: Attempt | None) -> dict[str, Any] | None:
    if attempt is None:
        return None
    need, full = attempt.need, attempt.full
    return {
        "jobs_ended": len(attempt.ended),
        "locks": None if need is None else need.locks,
        "lock_bytes": None if need is None or not need.memory_bytes else need.memory_bytes,
        "refused": None
        if full is None
        else {
            "job": full.job,
            "part": full.part,
            "code": full.code,
            "text": full.text,
            "session": full.session,
        },
        "wrong": list(judged(attempt)),
    }
