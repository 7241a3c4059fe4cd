"""The table of cells, for a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from harness.checks.verdict import Verdict
from harness.interleave.cell import Cell

_STYLE = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow"}
_LEFT = ("engine", "isolation", "variant", "verdict")
_RIGHT = ("interleavings", "run", "broken", "waits", "deadlocks", "outcomes", "refused")


def cell_table(cells: Sequence[Cell]) -> Table:
    """One row for each cell. Nothing is lost without colours: the verdict is a word.

    The table is as wide as it must be: a narrow terminal breaks its lines, but nothing is cut.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in _LEFT:
        table.add_column(name, no_wrap=True)
    for name in _RIGHT:
        table.add_column(name, justify="right", no_wrap=True)
    before: Cell | None = None
    for cell in cells:
        new_engine = before is None or before.engine != cell.engine
        new_level = new_engine or before is None or before.isolation is not cell.isolation
        if new_engine and before is not None:
            table.add_row()
        table.add_row(
            f"{cell.title} {cell.version}" if new_engine else "",
            cell.isolation.title if new_level else "",
            cell.variant,
            verdict_text(cell),
            f"{cell.possible}{'' if cell.complete or cell.recorded else '+'}",
            str(cell.executions),
            str(cell.possible_anomalies),
            str(cell.possible_waits),
            str(cell.possible_deadlocks),
            str(cell.outcomes),
            refusals_text(cell),
        )
        before = cell
    endless = Console(width=10_000)
    table.width = Measurement.get(endless, endless.options, table).maximum
    return table


def verdict_text(cell: Cell) -> Text:
    """The verdict; with what was expected where it is news."""
    text = Text(cell.verdict.value, style=_STYLE[cell.verdict])
    if not cell.as_expected() and cell.expected is not None:
        text.append(f" (expected: {cell.expected.value})", style="bold magenta")
    return text


def refusals_text(cell: Cell) -> str:
    """The server's refusals by code.

    >>> from harness.engines.engine import Isolation
    >>> cell = Cell("s", "v", "e", "E", "1", "x", Isolation.READ_COMMITTED)
    >>> cell.aborts.update({"40001": 3})
    >>> refusals_text(cell)
    '40001: 3'
    """
    return ", ".join(f"{code}: {count}" for code, count in sorted(cell.aborts.items())) or "-"
