"""Durations in HdrHistograms: bounded error at every percentile, added up between processes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from harness.errors import HarnessError

_HIGHEST_US = 3_600_000_000
_FIGURES = 3
_FIGURES_OF_A_SLICE = 2


def _histogram(figures: int) -> Any:
    """A histogram of microseconds up to an hour.

    Raises:
        HarnessError: the package is not installed; there is no ready-made wheel for some machines.
    """
    try:
        from hdrh.histogram import HdrHistogram  # noqa: PLC0415 - may be missing, see above
    except ImportError as error:
        raise HarnessError(
            f"replay: the package hdrhistogram is missing: {error}",
            "./run pip install hdrhistogram, which needs a C compiler where there is no wheel",
        ) from error
    return HdrHistogram(1, _HIGHEST_US, figures)


class Durations:
    """How long something took, many times; from 1 microsecond to an hour, to three figures.

    >>> taken = Durations()
    >>> for ms in range(1, 101):
    ...     taken.record_s(ms / 1000)
    >>> taken.count, round(taken.at_s(50), 3), round(taken.at_s(99), 3), round(taken.longest_s, 3)
    (100, 0.05, 0.099, 0.1)
    """

    def __init__(self, *, coarse: bool = False, of: Any = None) -> None:
        """`coarse` ones hold two figures and take an eighth of the memory: for slices of time."""
        self._histogram = of or _histogram(_FIGURES_OF_A_SLICE if coarse else _FIGURES)

    @classmethod
    def decode(cls, text: str) -> Self:
        """What `encode` wrote.

        Raises:
            ValueError: it is no histogram.
        """
        from hdrh.histogram import HdrHistogram  # noqa: PLC0415 - may be missing

        try:
            return cls(of=HdrHistogram.decode(text.encode("ascii")))
        except Exception as error:
            raise ValueError(f"not an encoded histogram: {error}") from error

    @classmethod
    def total(cls, parts: Iterable[Durations]) -> Self:
        """All parts added up."""
        found = cls()
        for part in parts:
            found.add(part)
        return found

    def encode(self) -> str:
        """As text, in the format of HdrHistogram's own logs (V2, compressed)."""
        text: bytes = self._histogram.encode()
        return text.decode("ascii")

    def record_s(self, length_s: float) -> None:
        """Count one; what is longer than an hour counts as an hour."""
        self._histogram.record_value(min(_HIGHEST_US, max(1, round(length_s * 1e6))))

    def add(self, other: Durations) -> None:
        """Count all of another's too."""
        self._histogram.add(other._histogram)

    @property
    def count(self) -> int:
        """How many."""
        return int(self._histogram.get_total_count())

    @property
    def longest_s(self) -> float:
        """The longest; zero if there is none."""
        return self._histogram.get_max_value() / 1e6 if self.count else 0.0

    @property
    def mean_s(self) -> float:
        """The mean; zero if there is none."""
        return self._histogram.get_mean_value() / 1e6 if self.count else 0.0

    def at_s(self, percentile: float) -> float:
        """The duration which this share of all, in percent, did not exceed; zero if none."""
        return self._histogram.get_value_at_percentile(percentile) / 1e6 if self.count else 0.0
