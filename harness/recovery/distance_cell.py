"""All measured recoveries of one server, the lines through them, and the verdict over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.checks.verdict import Verdict
from harness.engines.crash import LoggedRecovery
from harness.engines.engine import Engine
from harness.planning.calibration import Calibration, Line, NoLine, fit
from harness.recovery.distance import Point
from harness.recovery.interval import Interval

COARSE_S = 0.5
"""A log that tells the time no finer than this does not tell how long a step took."""


@dataclass
class DistanceCell:
    """What was measured on one server."""

    engine: Engine
    source: str
    version: str = ""
    control: str = ""
    """The negative control that it ran with; then it is expected to lose commits."""
    distances_asked: bool = True
    """Whether lines are wanted: without them nothing is known then."""
    points: list[Point] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Why the rest was not measured."""
    elapsed_s: float = 0.0

    @property
    def title(self) -> str:
        """'PostgreSQL 18.6'."""
        return f"{self.engine.title} {self.version}"

    @property
    def recoveries(self) -> Sequence[Point]:
        """Of all distances and intervals."""
        return [*self.points, *(interval.point for interval in self.intervals)]

    @property
    def verdict(self) -> Verdict:
        """The worst of all recoveries; unknown if no line could be drawn that was asked for."""
        verdicts = [point.verdict for point in self.recoveries]
        verdicts += [Verdict.UNKNOWN for _ in self.unknown]
        if self.distances_asked and not self.control:
            found = calibrated(self)
            verdicts += [
                Verdict.UNKNOWN
                for line in (found.by_rows, found.by_bytes)
                if isinstance(line, NoLine)
            ]
        return Verdict.worst(verdicts)

    @property
    def expected(self) -> Verdict:
        """A negative control that loses nothing shows that a loss would not be seen.

        Where something else is wrong, and nothing lost, that is as bad as anywhere.
        """
        loses = any(point.durability.lost for point in self.recoveries)
        other = self.verdict is Verdict.VIOLATED and not loses
        return Verdict.VIOLATED if self.control and not other else Verdict.HOLDS


def calibrated(cell: DistanceCell) -> Calibration:
    """The lines through the points of a cell, or why there are none."""
    back = [(point, point.parts) for point in cell.points if point.parts is not None]
    # Rows from before a checkpoint are not rolled forward.
    whole = [(point, parts) for point, parts in back if not point.checkpoints]
    by_bytes = [
        (float(point.log_bytes), parts.first_commit_s)
        for point, parts in back
        if point.log_bytes is not None
    ]
    return Calibration(
        cell.title,
        fit([(float(point.logged_rows), parts.first_commit_s) for point, parts in whole], "rows"),
        fit(by_bytes, "bytes"),
        _told(
            [(point.logged_rows, parts.logged.replay_s, parts.logged) for point, parts in whole],
            "rows",
        ),
        None
        if cell.engine.crash.to_undo is None
        else _told(
            [(point.open_rows, parts.logged.undo_s, parts.logged) for point, parts in back],
            "open rows",
        ),
    )


def _told(points: Sequence[tuple[int, float | None, LoggedRecovery]], unit: str) -> Line | NoLine:
    """The line through what the server's log told, if it tells the time finely."""
    fine = [
        (float(amount), seconds)
        for amount, seconds, logged in points
        if seconds is not None and logged.resolution_s < COARSE_S
    ]
    if points and not fine:
        return NoLine("the server's log does not tell it, or in whole seconds only")
    return fit(fine, unit)
