"""What measured recoveries showed: tables and lines for people, a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness import __version__
from harness.checks.verdict import Verdict
from harness.planning.calibration import (
    Line,
    NoLine,
    calibration_document,
    exam_seconds,
)
from harness.planning.recovery_time import BACK_MS, FORWARD_MS
from harness.recovery.distance import Point
from harness.recovery.distance_cell import COARSE_S, DistanceCell, calibrated
from harness.recovery.interval import Interval
from harness.recovery.report import CAVEAT, aligned, durability_document

_MB = 2**20
_POINT_HEAD = (
    *("rows", "left open", "log MB", "detected", "dead", "refused", "let in", "commit"),
    *("undone", "| before", "replay", "opening", "undo", "| line", "exam"),
)
_LEGEND = """\
seconds. From the kill: detected = first error of a program, dead = no process left. From the start:
refused = connections refused, let in = first connection, commit = first acknowledged commit; from
there: undone = nothing left to roll back. By the server's log: before, replay, opening, undo; what
they leave of the commit is the start of the process. line = the commit by the line below, exam = by
the exam's model."""
_INTERVAL_HEAD = (
    *("log limit MB", "commits/s", "ratio", "log MB/s", "most behind MB", "checkpoints"),
    *("at kill MB", "let in", "commit", "at most"),
)
_INTERVAL_LEGEND = """\
most behind = the most log since the last checkpoint that was seen, at kill = when it was killed;
commit = from the start to the first acknowledged commit, at most = the same by the line of the
distances, for the most behind."""


def cell_text(cell: DistanceCell) -> str:
    """Everything that was measured on one server."""
    lines = [_heading(cell)]
    if cell.points:
        lines += [f"checkpoints kept away: {cell.engine.crash.checkpoints.away_means}", ""]
        rows = [_POINT_HEAD, *(_point_row(cell, point) for point in cell.points)]
        lines += [*aligned(rows, left=0), "", _LEGEND, "", _refused_starts(cell), *_fits(cell)]
    if cell.intervals:
        lines += ["", f"how rare checkpoints are: {cell.engine.crash.checkpoints.every_means}", ""]
        rows = [_INTERVAL_HEAD, *(_interval_row(cell, found) for found in cell.intervals)]
        lines += [*aligned(rows, left=0), "", _INTERVAL_LEGEND]
    wrong = list(_wrong(cell))
    return "\n".join([*lines, *([""] if wrong else []), *wrong])


def verdict_line(cell: DistanceCell) -> str:
    """The verdict with its coverage."""
    recoveries = cell.recoveries
    acknowledged = sum(point.durability.acknowledged for point in recoveries)
    lost = sum(len(point.durability.lost) for point in recoveries)
    said = (
        f"{cell.verdict.value}: {cell.title}: {len(recoveries)} recoveries, {acknowledged:,} "
        f"commits acknowledged, {lost:,} lost"
    )
    if cell.control:
        caught = cell.verdict is cell.expected is Verdict.VIOLATED
        return said + (
            ", as a negative control must" if caught else ": the negative control was not caught"
        )
    if not cell.points:
        return said
    line = calibrated(cell).by_rows
    return f"{said}; " + ("no line" if isinstance(line, NoLine) else _line(line, "a row", 1000))


def distance_document(cells: Sequence[DistanceCell]) -> dict[str, Any]:
    """The document of a run, in the shape of all documents."""
    return {"harness": __version__, "caveat": CAVEAT, "cells": [_cell(cell) for cell in cells]}


def _heading(cell: DistanceCell) -> str:
    control = f"; negative control {cell.control}" if cell.control else ""
    return f"{cell.title} ({cell.source}), profile durable{control}"


def _refused_starts(cell: DistanceCell) -> str:
    """Starts that ended before they answered, each of which was tried again."""
    back = [point.parts for point in cell.points if point.parts is not None]
    number, length_s = sum(p.refused_starts for p in back), sum(p.refused_starts_s for p in back)
    if not number:
        return f"refused starts: none in {len(back)} recoveries"
    return f"refused starts: {number} in {len(back)} recoveries, {length_s:.2f} s"


def _point_row(cell: DistanceCell, point: Point) -> Sequence[str]:
    head = [f"{point.rows:,}", f"{point.open_rows:,}", _megabytes(point.log_bytes)]
    exam = f"{exam_seconds(point.logged_rows, point.open_rows):,.0f}"
    line = calibrated(cell).by_rows
    by_line = "?" if isinstance(line, NoLine) else f"| {line.at(point.logged_rows):.2f}"
    parts = point.parts
    if parts is None:
        return [*head, *["-"] * (len(_POINT_HEAD) - 5), by_line, exam]
    logged, coarse = parts.logged, parts.logged.resolution_s >= COARSE_S
    return [
        *head,
        _seconds(parts.detection_s),
        _seconds(parts.kill_s),
        str(sum(parts.refused.values())),
        _seconds(parts.connect_s),
        _seconds(parts.first_commit_s),
        _seconds(parts.undone_s),
        f"| {_seconds(logged.before_s, coarse=coarse)}",
        _seconds(logged.replay_s, coarse=coarse),
        _seconds(logged.after_s, coarse=coarse),
        _seconds(logged.undo_s, coarse=coarse),
        by_line,
        exam,
    ]


def _interval_row(cell: DistanceCell, found: Interval) -> Sequence[str]:
    first = cell.intervals[0]
    line = calibrated(cell).by_bytes if cell.points else NoLine("no distances measured")
    parts = found.point.parts
    return [
        _megabytes(found.limit_bytes),
        f"{found.commits_s:,.0f}",
        f"{found.commits_s / first.commits_s:.2f}" if first.commits else "-",
        f"{found.written_bytes / found.length_s / _MB:.1f}",
        _megabytes(found.most_bytes),
        str(found.point.checkpoints),
        _megabytes(found.point.log_bytes),
        _seconds(None if parts is None else parts.connect_s),
        _seconds(None if parts is None else parts.first_commit_s),
        "?" if isinstance(line, NoLine) else _seconds(line.at(found.most_bytes)),
    ]


def _fits(cell: DistanceCell) -> Iterator[str]:
    found = calibrated(cell)
    rows: list[tuple[str, Line | NoLine, str, float]] = [
        ("commit", found.by_rows, "ms a row in the log", 1000),
        ("commit", found.by_bytes, "s a GB of log", 2**30),
    ]
    rows.append(("replay", found.replay, "ms a row in the log", 1000))
    if found.undo is not None:
        rows.append(("undo", found.undo, "ms a row left open", 1000))
    for what, line, unit, scale in rows:
        if isinstance(line, NoLine):
            yield f"{what:6} = unknown, {unit}: no line: {line.reason}"
        else:
            yield (
                f"{what:6} = {line.fixed_s:.2f} s + {line.unit_s * scale:.4f} "
                f"± {line.unit_error_s * scale:.4f} {unit}; "
                f"{line.points} points, which scatter by {line.residual_s:.2f} s"
            )
    if found.undo is None:
        yield f"undo   = none: {cell.engine.capabilities['undoes after opening'].sentence}"
    yield f"exam   = {FORWARD_MS:g} ms a row in the log + {BACK_MS:g} ms a row left open"


def _line(line: Line, unit: str, scale: float) -> str:
    return f"{line.fixed_s:.2f} s + {line.unit_s * scale:.4g} ms {unit}"


def _wrong(cell: DistanceCell) -> Iterator[str]:
    for point in cell.points:
        for sentence in point.sentences():
            yield f"{point.rows:,} rows: {sentence}"
        if point.checkpoints:
            yield (
                f"note: {point.rows:,} rows: {point.checkpoints} checkpoints were taken all the "
                "same: left out of the line over rows"
            )
    for found in cell.intervals:
        for sentence in found.point.sentences():
            yield f"limit {_megabytes(found.limit_bytes)} MB: {sentence}"
    for reason in cell.unknown:
        yield f"unknown: not measured: {reason}"


def _megabytes(size: int | None) -> str:
    return "-" if size is None else f"{size / _MB:,.1f}"


def _seconds(length_s: float | None, *, coarse: bool = False) -> str:
    """A length; where the log tells whole seconds, what is below one is not 0."""
    if length_s is None:
        return "-"
    if coarse:
        return "< 1" if length_s < 1 else f"{length_s:.0f}"
    return f"{length_s:.2f}"


def _cell(cell: DistanceCell) -> dict[str, Any]:
    return {
        "scenario": "drill recovery-time",
        "variant": cell.control or "durable",
        "engine": cell.engine.name,
        "version": cell.version,
        "source": cell.source,
        "isolation": None,
        "verdict": cell.verdict.value,
        "expected": cell.expected.value,
        "executions": len(cell.recoveries),
        "complete": not cell.unknown,
        "outcomes": None,
        "anomalies": sum(point.verdict is Verdict.VIOLATED for point in cell.recoveries),
        "deadlocks": None,
        "executions_with_waits": None,
        "aborts": {},
        "calibration": calibration_document(calibrated(cell)) if cell.points else None,
        "distances": [_point(point) for point in cell.points],
        "intervals": [_interval(found) for found in cell.intervals],
        "unknown": list(cell.unknown),
        "finding": None,
        "elapsed_s": round(cell.elapsed_s, 3),
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "rows": point.rows,
        "open_rows": point.open_rows,
        "log_bytes": point.log_bytes,
        "checkpoints": point.checkpoints,
        "exam_s": exam_seconds(point.logged_rows, point.open_rows),
        "verdict": point.verdict.value,
        "trouble": point.trouble or None,
        "recovery": None if point.parts is None else _rounded(asdict(point.parts)),
        "ledger": durability_document(point.durability),
    }


def _interval(found: Interval) -> dict[str, Any]:
    return {
        "limit_bytes": found.limit_bytes,
        "length_s": round(found.length_s, 3),
        "commits": found.commits,
        "commits_s": round(found.commits_s, 3),
        "written_bytes": found.written_bytes,
        "log_bytes_most": found.most_bytes,
        **{key: value for key, value in _point(found.point).items() if "row" not in key},
    }


def _rounded(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _rounded(value)
        if isinstance(value, Mapping)
        else round(value, 6)
        if isinstance(value, float)
        else value
        for name, value in parts.items()
    }
