"""The table of figures, live or at the end, for a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from harness.operations.series import NOT_AVAILABLE, Summary

_SCALE = ("", "k", "M", "G", "T")


def figure_table(figures: Mapping[str, Summary], heading: str) -> Table:
    """One row for each figure; what is not available has its sentence instead of numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    table.add_column(heading, no_wrap=True)
    for name in ("low", "mean", "high", "last", "whole run"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for summary in figures.values():
        if summary.available:
            numbers = (summary.low, summary.mean, summary.high, summary.last, summary.total)
            unit = summary.unit.removesuffix("/s") if summary.total is not None else summary.unit
            shown = [Text(readable(number, unit)) for number in numbers]
            table.add_row(summary.figure.title, *shown, _unit(summary))
    return table


def missing_lines(figures: Mapping[str, Summary]) -> list[str]:
    """One line for each figure that is not available, with the reason."""
    return [
        f"{summary.figure.title}: {NOT_AVAILABLE}: {summary.missing}"
        for summary in figures.values()
        if not summary.available
    ]


def readable(number: float | None, unit: str) -> str:
    """A number as a table has it: bytes by their thousands, others as short as they are exact.

    >>> [readable(n, "bytes") for n in (0, 512, 20_480, 3_500_000)]
    ['0', '512', '20.5k', '3.5M']
    >>> readable(0.98765, ""), readable(3.0, "s"), readable(None, "s")
    ('0.988', '3', '')
    """
    if number is None:
        return ""
    if unit == "bytes":
        for letter in _SCALE:
            if abs(number) < 1000 or letter == _SCALE[-1]:
                return f"{number:.1f}".removesuffix(".0") + letter
            number /= 1000
    return f"{number:.3f}".rstrip("0").rstrip(".") or "0"


def _unit(summary: Summary) -> str:
    """A counter's row has rates and, at its end, the whole."""
    if summary.figure.kind != "counter":
        return summary.unit
    return f"{summary.figure.unit} per s; whole run {summary.figure.unit or 'count'}".strip()
