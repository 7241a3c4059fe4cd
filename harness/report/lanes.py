"""Draw an execution as lanes: one column for each session, time going down."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence

from harness.interleave.execution import Execution, Turn
from harness.locks import Wait

_TURN_WIDTH = 4
_GAP = "  "


def lanes(execution: Execution, titles: Mapping[str, str], width: int = 110) -> str:
    """The drawing, as lines of text no wider than *width*.

    A step stands in its session's column in the row of its turn, with its answer below. A step that
    had to wait says for whom, and its answer stands in the row of the turn that let it go on.
    """
    names = list(titles)
    column = max(24, (width - _TURN_WIDTH - len(_GAP) * len(names)) // len(names))
    lines = _row("turn", {n: [f"{n} {titles[n]}"] for n in names}, names, column)
    lines.append("-" * (_TURN_WIDTH + (column + len(_GAP)) * len(names)))
    for turn in execution.turns:
        cells: dict[str, list[str]] = {turn.session: _asked(turn, column)}
        for late in execution.turns:
            if late is not turn and late.settled_in == turn.number:
                cells.setdefault(late.session, []).extend(_goes_on(late, column))
        lines += _row(str(turn.number), cells, names, column)
    for name in names:
        if name in execution.ends:
            lines.append(f"{name} {execution.ends[name].readable()}")
    return "\n".join(line.rstrip() for line in lines)


def _asked(turn: Turn, column: int) -> list[str]:
    lines = _wrapped(turn.step.readable(), column)
    if turn.wait is not None:
        lines += _wrapped(waiting(turn.wait), column, "  ")
    if turn.settled_in == turn.number:
        lines += _answered(turn, column)
    return lines


def waiting(wait: Wait) -> str:
    """A wait in words.

    >>> waiting(Wait("T1", ("T2",), "row of account, id = 1"))
    '<waits for T2: row of account, id = 1>'
    """
    whom = ", ".join(wait.blockers) or "another session"
    return f"<waits for {whom}{': ' + wait.on if wait.on else ''}>"


def _goes_on(turn: Turn, column: int) -> list[str]:
    return [f"<turn {turn.number} goes on>", *_answered(turn, column)]


def _answered(turn: Turn, column: int) -> list[str]:
    if turn.effect is None:
        return []
    return _wrapped(f"-> {turn.effect.readable()}", column, "  ", "     ")


def _wrapped(text: str, column: int, first: str = "", rest: str = "    ") -> list[str]:
    return textwrap.wrap(
        text, column, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def _row(
    number: str, cells: Mapping[str, Sequence[str]], names: Sequence[str], column: int
) -> list[str]:
    height = max((len(cells.get(name, ())) for name in names), default=0)
    lines = []
    for place in range(height):
        parts = [f"{number if place == 0 else '':>{_TURN_WIDTH}}"]
        for name in names:
            cell = cells.get(name, ())
            parts.append(_padded(cell[place] if place < len(cell) else "", column))
        lines.append(_GAP.join(parts))
    return lines


def _padded(text: str, column: int) -> str:
    """Pad to a width in terminal cells, where Japanese letters take two."""
    used = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return text + " " * max(0, column - used)
