"""Draw an execution as lanes: one column for each session, time going down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len, chop_cells

from harness.interleave.execution import Execution, Turn
from harness.locks import Wait

_TURN_WIDTH = 4
_GAP = "  "
_NARROWEST = 20
_LONGEST = 1_000
"""Letters of a statement or an answer that are drawn; the run's document has them all."""


def lanes(execution: Execution, titles: Mapping[str, str], width: int = 110) -> str:
    """The drawing, as lines of text no wider than *width* as long as a column keeps 20.

    A step stands in its session's column in the row of its turn, with its answer below. A step that
    had to wait says for whom, and its answer stands in the row of the turn that let it go on.
    """
    names = list(titles)
    column = max(_NARROWEST, (width - _TURN_WIDTH) // len(names) - len(_GAP))
    head = {name: _wrapped(f"{name} {titles[name]}", column) for name in names}
    lines = _row("turn", head, names, column)
    lines.append("-" * (_TURN_WIDTH + (len(_GAP) + column) * len(names)))
    for turn in execution.turns:
        cells: dict[str, list[str]] = {turn.session: _asked(turn, column)}
        for late in execution.turns:
            if late is not turn and late.settled_in == turn.number:
                cells.setdefault(late.session, []).extend(_goes_on(late, column))
        lines += _row(str(turn.number), cells, names, column)
    for name in names:
        if name in execution.ends:
            lines += _wrapped(f"{name} {execution.ends[name].readable()}", width)
    return "\n".join(line.rstrip() for line in lines)


def _asked(turn: Turn, column: int) -> list[str]:
    lines = _wrapped(turn.step.readable(), column)
    if turn.wait is not None:
        lines += _wrapped(waiting(turn.wait), column, "  ")
    if turn.settled_in == turn.number:
        lines += _answered(turn, column)
    elif turn.settled_in is None:
        lines += _wrapped("<no answer came>", column, "  ")
    return lines


def waiting(wait: Wait) -> str:
    """A wait in words.

    >>> waiting(Wait("T1", ("T2",), "row of account, id = 1"))
    '<waits for T2: row of account, id = 1>'
    """
    whom = ", ".join(wait.blockers) or "another session"
    return f"<waits for {whom}{': ' + wait.on if wait.on else ''}>"


def _goes_on(turn: Turn, column: int) -> list[str]:
    failed = turn.effect is not None and turn.effect.error is not None
    what = f"<turn {turn.number} {'fails' if failed else 'goes on'}>"
    return [what, *_answered(turn, column)]


def _answered(turn: Turn, column: int) -> list[str]:
    if turn.effect is None:
        return []
    return _wrapped(f"-> {turn.effect.readable()}", column, "  ", "     ")


def _wrapped(text: str, column: int, first: str = "", rest: str = "    ") -> list[str]:
    """Break a text into lines by terminal cells: a Japanese letter takes two, and has no blanks."""
    lines = [first]
    gap = ""
    for word in _drawn(text).split():
        for piece in chop_cells(word, column - len(rest)):
            if cell_len(lines[-1] + gap + piece) > column:
                lines.append(rest)
                gap = ""
            lines[-1] += gap + piece
            gap = ""
        gap = " "
    return lines


def _drawn(text: str) -> str:
    r"""The text without what would move the cursor, and no longer than anybody reads.

    >>> _drawn("1\x1b[2J2")
    '1\\x1b[2J2'
    """
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... (+{len(text) - _LONGEST} letters)"
    return "".join(c if c.isprintable() or c.isspace() else repr(c)[1:-1] for c in text)


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
    return text + " " * max(0, column - cell_len(text))
