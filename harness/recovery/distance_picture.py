"""Predicted and measured recovery times as SVG: one pair of axes for each engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.planning.calibration import Line, exam_seconds
from harness.recovery.distance_cell import DistanceCell, calibrated
from harness.report.drawing import drawing, save

_INCHES = (4.2, 3.8)
_STEPS = 40


def draw_distances(path: Path, cells: Sequence[DistanceCell]) -> None:
    """Draw measured points, the line through them and the exam's model, both axes logarithmic.

    Raises:
        HarnessError: the file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes long, and few draw

    drawn = [cell for cell in cells if any(point.parts for point in cell.points)]
    if not drawn:
        return
    with drawing("recovery"):
        figure = Figure(figsize=(len(drawn) * _INCHES[0], _INCHES[1]), layout="constrained")
        figure.suptitle("From the start of a killed server to its first acknowledged commit")
        for place, cell in enumerate(drawn, start=1):
            _draw_cell(figure.add_subplot(1, len(drawn), place), cell)
        save(figure, path)


def _draw_cell(axes: Any, cell: DistanceCell) -> None:
    measured = [(p.logged_rows, p.open_rows, p.parts) for p in cell.points if p.parts is not None]
    rows = [logged for logged, *_ in measured]
    axes.plot(
        rows,
        [parts.first_commit_s for *_, parts in measured],
        "o",
        markersize=4,
        label="measured: first commit",
    )
    if undone := [(n, p.first_commit_s + p.undone_s) for n, _, p in measured if p.undone_s]:
        axes.plot(*zip(*undone, strict=True), "s", markersize=4, label="measured: all undone")
    low, high = min(rows), max(rows)
    steps = [low * (high / low) ** (step / _STEPS) for step in range(_STEPS + 1)]
    line = calibrated(cell).by_rows
    if isinstance(line, Line):
        axes.plot(steps, [line.at(step) for step in steps], "-", linewidth=1, label="calibrated")
    written = sorted({(logged, left_open) for logged, left_open, _ in measured})
    exam = [(logged, exam_seconds(logged, left_open)) for logged, left_open in written]
    axes.plot(*zip(*exam, strict=True), "--", linewidth=1, label="the exam's model")
    axes.set_title(cell.title)
    axes.set_xlabel("rows in the log since the last checkpoint")
    axes.set_ylabel("seconds")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(visible=True, linewidth=0.3)
    axes.legend(fontsize=7)
