"""The table of cells, for a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from harness.checks.verdict import Verdict
from harness.interleave.cell import Cell

_STYLE = {Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow"}
_LEFT = ("engine", "isolation", "variant", "verdict")
_RIGHT = ("interleavings", "run", "broken", "waits", "deadlocks", "outcomes", "refused")
_GAP = "  "


def cell_table(cells: Sequence[Cell], width: int = 160) -> Text:
    """One row for each cell, or a few words for each where the rows are wider than *width*.

    Nothing is cut, and nothing is lost without colours: the verdict is a word.
    """
    rows = [[Text(name) for name in (*_LEFT, *_RIGHT)]]
    for before, cell in zip((None, *cells), cells, strict=False):
        if before is not None and before.engine != cell.engine:
            rows.append([])
        rows.append(_row(cell, before))
    columns = [max(t.cell_len for t in column) for column in zip(*filter(None, rows), strict=True)]
    if sum(columns) + len(_GAP) * (len(columns) - 1) > width:
        return Text("\n").join(_told(cells))
    return Text("\n").join(_aligned(row, columns) for row in rows)


def _row(cell: Cell, before: Cell | None) -> list[Text]:
    new_engine = before is None or before.engine != cell.engine
    new_level = new_engine or before is None or before.isolation is not cell.isolation
    return [
        Text(f"{cell.title} {cell.version}" if new_engine else ""),
        Text(cell.isolation.title if new_level else ""),
        Text(cell.variant),
        verdict_text(cell),
        Text(_possible(cell)),
        Text(str(cell.executions)),
        Text(str(cell.possible_anomalies)),
        Text(str(cell.possible_waits)),
        Text(str(cell.possible_deadlocks)),
        Text(str(cell.outcomes)),
        Text(refusals_text(cell)),
    ]


def _aligned(row: Sequence[Text], columns: Sequence[int]) -> Text:
    """Names to the left, numbers to the right, nothing behind the last."""
    line = Text()
    for place, (text, column) in enumerate(zip(row, columns, strict=False)):
        room = " " * (column - text.cell_len)
        line.append_text(text + Text(room) if place < len(_LEFT) else Text(room) + text)
        line.append(_GAP if place < len(row) - 1 else "")
    line.rstrip()
    return line


def _told(cells: Sequence[Cell]) -> Iterator[Text]:
    """The same facts under a heading for each engine and level, in two lines for each cell."""
    before: tuple[str, object] | None = None
    for cell in cells:
        group = (cell.engine, cell.isolation)
        if group != before:
            yield Text(f"{cell.title} {cell.version}, {cell.isolation.title}")
        before = group
        yield (
            Text(f"  {cell.variant}: ")
            + verdict_text(cell)
            + Text(
                f", broken in {cell.possible_anomalies} of {_possible(cell)} interleavings, "
                f"{cell.executions} run"
            )
        )
        refused = f"refused {refusals_text(cell)}" if cell.aborts else "nothing refused"
        yield Text(
            f"    waits in {cell.possible_waits}, deadlocks in {cell.possible_deadlocks}, "
            f"{cell.outcomes} outcomes, {refused}"
        )


def _possible(cell: Cell) -> str:
    return f"{cell.possible}{'' if cell.complete or cell.recorded else '+'}"


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
