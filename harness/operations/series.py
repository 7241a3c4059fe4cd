"""Samples of figures over time, and what they come to: low, mean, high, last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.engines.monitoring import FIGURES, Figure

NOT_AVAILABLE = "not available"


@dataclass(frozen=True, slots=True)
class Summary:
    """What one figure came to.

    For a gauge, low, mean, high and last are of its values; for a counter of its growth per second
    between two samples, and `total` is its whole growth; for a share of its value between samples.
    """

    figure: Figure
    samples: int
    low: float | None = None
    mean: float | None = None
    """A gauge's: of the samples, weighted by the time until the next. A counter's: its growth by
    the time. A share's: of the whole time."""
    high: float | None = None
    last: float | None = None
    total: float | None = None
    missing: str = ""
    """Why there is no value: the engine's sentence."""

    @property
    def available(self) -> bool:
        """Whether there is a value."""
        return self.last is not None

    @property
    def unit(self) -> str:
        """The unit of low, mean, high and last: 'bytes/s' for a counter of bytes."""
        return f"{self.figure.unit or '1'}/s" if self.figure.kind == "counter" else self.figure.unit


class Series:
    """Every sample of every figure, in order.

    >>> series = Series()
    >>> for at, connections, log in ((0.0, 2, 100), (1.0, 4, 300), (3.0, 4, 300)):
    ...     series.add(at, {"connections": connections, "log_bytes": log}, {})
    >>> found = series.summary("connections")
    >>> found.low, round(found.mean, 2), found.high, found.last
    (2, 3.33, 4, 4)
    >>> found = series.summary("log_bytes")
    >>> found.low, round(found.mean, 1), found.high, found.total, found.unit
    (0.0, 66.7, 200.0, 200.0, 'bytes/s')
    >>> series.summary("deadlocks").missing
    'no sample told it'
    """

    def __init__(self) -> None:
        self._samples: list[tuple[float, Mapping[str, float]]] = []
        self._missing: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, at_s: float, values: Mapping[str, float], missing: Mapping[str, str]) -> None:
        """Take one sample: seconds since the beginning, values, what was missing and why."""
        self._samples.append((at_s, dict(values)))
        self._missing.update(missing)

    def points(self, name: str) -> list[tuple[float, float]]:
        """A figure's samples as they were read: seconds since the beginning, value.

        A counter is told from 0 on, and goes on where it was if the server began anew.
        """
        read = [(at, values[name]) for at, values in self._samples if name in values]
        return _grown(read) if FIGURES[name].kind == "counter" else read

    def summary(self, name: str) -> Summary:
        """What a figure came to so far."""
        figure = FIGURES[name]
        if figure.kind == "share":
            return self._share(figure)
        points = self.points(name)
        if figure.kind == "counter":
            return _of_counter(figure, points) if len(points) > 1 else self._none(figure)
        return _of_gauge(figure, points) if points else self._none(figure)

    def summaries(self) -> dict[str, Summary]:
        """What every figure came to."""
        return {name: self.summary(name) for name in FIGURES}

    def _none(self, figure: Figure, of: str = "") -> Summary:
        name = of or figure.name
        return Summary(figure, 0, missing=self._missing.get(name, "no sample told it"))

    def _share(self, figure: Figure) -> Summary:
        above, below = (self.points(name) for name in figure.of)
        if len(below) < 2 or len(above) != len(below):
            return self._none(figure, figure.of[1])
        shares = [
            _one_minus(a1 - a0, b1 - b0)
            for ((_, a0), (_, a1)), ((_, b0), (_, b1)) in zip(
                pairwise(above), pairwise(below), strict=True
            )
        ]
        told = [share for share in shares if share is not None]
        if not told:
            return Summary(figure, 0, missing="nothing was asked of it between two samples")
        mean = _one_minus(above[-1][1], below[-1][1])
        return Summary(figure, len(told), min(told), mean, max(told), told[-1])


def _one_minus(part: float, whole: float) -> float | None:
    return 1 - min(part, whole) / whole if whole > 0 else None


def _grown(read: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Growth since the first sample; what was smaller than before has begun at 0 again."""
    grown: list[tuple[float, float]] = []
    total = 0.0
    for number, (at, value) in enumerate(read):
        if number:
            before = read[number - 1][1]
            total += value - before if value >= before else value
        grown.append((at, total))
    return grown


def _of_counter(figure: Figure, points: Sequence[tuple[float, float]]) -> Summary:
    rates = [
        (after - before) / max(1e-9, end - start)
        for (start, before), (end, after) in pairwise(points)
    ]
    total = points[-1][1]
    length_s = max(1e-9, points[-1][0] - points[0][0])
    return Summary(
        figure, len(points), min(rates), total / length_s, max(rates), rates[-1], total=total
    )


def _of_gauge(figure: Figure, points: Sequence[tuple[float, float]]) -> Summary:
    values = [value for _, value in points]
    lengths = [end - start for (start, _), (end, _) in pairwise(points)]
    whole = sum(lengths)
    mean = (
        sum(value * length for value, length in zip(values, lengths, strict=False)) / whole
        if whole > 0
        else values[-1]
    )
    return Summary(figure, len(values), min(values), mean, max(values), values[-1])
