"""How long a recovery takes on a machine where it was measured: straight lines through points.

The exam gives two constants (see `recovery_time`). A calibration replaces them by what recoveries
from growing distances took: seconds over the rows in the log, over its bytes, and seconds of undo
over the rows that were open. A line is refused where the points cannot tell a slope.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean, linear_regression
from typing import Any

from harness.errors import UsageError
from harness.planning.recovery_time import BACK_MS, FORWARD_MS, RecoveryTime
from harness.report.runs import words

POINTS_MIN = 3
SPAN_MIN = 3.0
"""The largest amount is at least so many times the smallest."""
CLEAR_MIN = 4.0
"""The slope is at least so many of its standard errors."""


@dataclass(frozen=True, slots=True)
class Line:
    """Seconds as a straight line over an amount: least squares."""

    fixed_s: float
    """At the amount 0: what a start costs anyhow. Below 0 if the points bend upwards."""
    unit_s: float
    """For each row or byte."""
    residual_s: float
    """Standard deviation of the points from the line, with n - 2 degrees of freedom."""
    points: int
    unit_error_s: float = 0.0
    """Standard error of `unit_s`: smaller with more points and a wider span."""
    least: float = 0.0
    """The smallest amount that was measured."""
    most: float = float("inf")
    """The largest."""

    def covers(self, amount: float) -> bool:
        """Whether an amount lies between those that were measured."""
        return self.least <= amount <= self.most

    def at(self, amount: float) -> float:
        """Seconds at an amount.

        >>> Line(2.0, 0.5, 0.1, 4).at(10)
        7.0
        """
        return self.fixed_s + self.unit_s * amount


@dataclass(frozen=True, slots=True)
class NoLine:
    """The points do not give a line, and why: unknown, and never zero."""

    reason: str


def fit(points: Sequence[tuple[float, float]], unit: str) -> Line | NoLine:
    """The line through points of an amount and its seconds, or why there is none.

    >>> fit([(10, 1.0), (20, 2.0), (40, 4.0)], "rows").at(30)
    3.0
    >>> fit([(10, 1.0), (40, 4.0)], "rows").reason
    'different numbers of rows: 2, and at least 3 are needed'
    """
    amounts = [amount for amount, _ in points]
    different = len(set(amounts))
    if different < POINTS_MIN:
        return NoLine(
            f"different numbers of {unit}: {different}, and at least {POINTS_MIN} are needed"
        )
    low, high = min(amounts), max(amounts)
    if high < SPAN_MIN * low:
        return NoLine(
            f"from {low:,.0f} to {high:,.0f} {unit}: too near each other, the largest must be "
            f"{SPAN_MIN:g} times the smallest"
        )
    slope, fixed = linear_regression(amounts, [seconds for _, seconds in points])
    squares = sum((seconds - fixed - slope * amount) ** 2 for amount, seconds in points)
    residual = sqrt(squares / (len(points) - 2))
    middle = fmean(amounts)
    error = residual / sqrt(sum((amount - middle) ** 2 for amount in amounts))
    if slope <= 0 or slope < CLEAR_MIN * error:
        rise, doubt = slope * (high - low), error * (high - low)
        return NoLine(
            f"from {low:,.0f} to {high:,.0f} {unit} it rises by {rise:.2f} ± {doubt:.2f} s (the "
            f"points scatter by {residual:.2f} s): no slope can be told"
        )
    return Line(
        round(fixed, 6),
        round(slope, 15),
        round(residual, 6),
        len(points),
        round(error, 15),
        low,
        high,
    )


def exam_seconds(forward_rows: float, back_rows: float) -> float:
    """The exam's model: 2 ms a row rolled forward, then 1 ms a row rolled back.

    >>> exam_seconds(130_000, 40_000)
    300.0
    """
    return (forward_rows * FORWARD_MS + back_rows * BACK_MS) / 1000


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured on one server, as lines. All seconds count from the begin of the start."""

    title: str
    """The server and its version: 'PostgreSQL 18.6'."""
    by_rows: Line | NoLine
    """To the first acknowledged commit, over rows in the log, whether committed or not."""
    by_bytes: Line | NoLine
    """The same over bytes of log since the last checkpoint."""
    replay: Line | NoLine
    """Reading and applying the log alone, by the server's own log, over rows in the log."""
    undo: Line | NoLine | None
    """Undo beside the programs, over rows that were open; None if this kind of server undoes
    nothing after it has opened."""


def calibration_document(calibration: Calibration) -> dict[str, Any]:
    """As it is stored."""
    return {
        "title": calibration.title,
        "rows": _stored(calibration.by_rows, "row"),
        "bytes": _stored(calibration.by_bytes, "byte"),
        "replay": _stored(calibration.replay, "row"),
        "undo": None if calibration.undo is None else _stored(calibration.undo, "row"),
    }


def _stored(line: Line | NoLine, unit: str) -> dict[str, Any]:
    if isinstance(line, NoLine):
        return {"unknown": line.reason}
    return {
        "fixed_s": line.fixed_s,
        f"{unit}_ms": line.unit_s * 1000,
        f"{unit}_error_ms": line.unit_error_s * 1000,
        "residual_s": line.residual_s,
        "points": line.points,
        "least": line.least,
        "most": line.most,
    }


def read_calibrations(path: Path) -> Sequence[Calibration]:
    """The calibrations of a document that `harness drill recovery-time --json` has written.

    Raises:
        UsageError: it cannot be read, or holds none.
    """
    hint = "`harness drill recovery-time --json FILE` writes one"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = [
            Calibration(
                stored["title"],
                _read(stored["rows"], "row"),
                _read(stored["bytes"], "byte"),
                _read(stored["replay"], "row"),
                None if stored["undo"] is None else _read(stored["undo"], "row"),
            )
            for cell in content["cells"]
            if (stored := cell.get("calibration")) is not None
        ]
    except OSError as error:
        raise UsageError(f"--calibration '{path}': cannot be read: {words(error)}", hint) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"--calibration '{path}': holds no calibration", hint) from None
    if not found:
        raise UsageError(f"--calibration '{path}': holds no calibration", hint)
    return found


def _read(stored: Mapping[str, Any], unit: str) -> Line | NoLine:
    if "unknown" in stored:
        return NoLine(str(stored["unknown"]))
    return Line(
        float(stored["fixed_s"]),
        float(stored[f"{unit}_ms"]) / 1000,
        float(stored["residual_s"]),
        int(stored["points"]),
        float(stored[f"{unit}_error_ms"]) / 1000,
        float(stored["least"]),
        float(stored["most"]),
    )


def calibrated_lines(
    calibrations: Sequence[Calibration], times: Sequence[RecoveryTime]
) -> Iterator[str]:
    """What each measured server would take for the exam's rows, as sentences."""
    for calibration in calibrations:
        yield f"{calibration.title}, as measured"
        for time in times:
            yield f"  {time.case} case: {_commit_words(calibration.by_rows, time.forward_rows)}"
            if calibration.undo is not None and time.back_rows:
                yield f"    then beside the programs {_undo_words(calibration.undo, time)}"


def calibrated_document(
    calibrations: Sequence[Calibration], times: Sequence[RecoveryTime]
) -> list[dict[str, Any]]:
    """The same as values; null where there is no line."""
    return [
        {
            "title": calibration.title,
            "case": time.case,
            "first_commit_s": _at(calibration.by_rows, time.forward_rows),
            "undo_s": _at(calibration.undo, time.back_rows),
        }
        for calibration in calibrations
        for time in times
    ]


def _at(line: Line | NoLine | None, rows: int) -> float | None:
    return round(line.at(rows), 3) if isinstance(line, Line) else None


def _commit_words(line: Line | NoLine, rows: int) -> str:
    if isinstance(line, NoLine):
        return f"unknown: {line.reason}"
    beyond = "" if line.covers(rows) else _beyond(line)
    return f"{line.at(rows):.1f} s to the first commit{beyond}"


def _undo_words(line: Line | NoLine, time: RecoveryTime) -> str:
    if isinstance(line, NoLine):
        return f"undo, unknown how long: {line.reason}"
    beyond = "" if line.covers(time.back_rows) else _beyond(line)
    return f"{max(0.0, line.at(time.back_rows)):.1f} s of undo{beyond}"


def _beyond(line: Line) -> str:
    return f" (outside of what was measured: {line.least:,.0f} to {line.most:,.0f} rows)"
