"""The picture of a measurement, as SVG: the same figures give the same file."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.measure.measurement import Panel
from harness.report.drawing import drawing, save

_PANEL_INCHES = (4.8, 4.0)
_COLUMNS = 3
_TITLE_LETTERS = 60
"""Of the title, above each panel."""
_MARKS = "osD^vP*"
_OTHER_SCRIPT = re.compile(r" ?\([^\x00-\x7f]+\)")


def see_can_be_drawn(path: Path | None) -> None:
    """See that a picture can be written, before work is done for it.

    Raises:
        UsageError: it is no SVG, or its folder does not exist.
    """
    if path is None:
        return
    if path.suffix != ".svg":
        raise UsageError(f"--plot '{path}': is no .svg", "pictures are written as SVG")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--plot '{path}': its folder does not exist", "make the folder first")


def draw(path: Path, title: str, panels: Sequence[Panel]) -> None:
    """Draw the panels beside and below each other.

    What stands in brackets in another script is left out of the title: not every font has it.

    Raises:
        HarnessError: the file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes long, and few draw

    across = min(_COLUMNS, len(panels))
    down = -(-len(panels) // across)
    with drawing(title):
        figure = Figure(
            figsize=(across * _PANEL_INCHES[0], down * _PANEL_INCHES[1] + 0.5),
            layout="constrained",
        )
        figure.suptitle(textwrap.fill(_OTHER_SCRIPT.sub("", title), across * _TITLE_LETTERS))
        for place, panel in enumerate(panels, start=1):
            _draw_panel(figure.add_subplot(down, across, place), panel)
        save(figure, path)


def _draw_panel(axes: Any, panel: Panel) -> None:
    """One pair of axes; a case that broke something has a cross around its mark."""
    names = list(dict.fromkeys(p.x for points in panel.curves.values() for p in points))
    for number, (name, points) in enumerate(panel.curves.items()):
        (line,) = axes.plot(
            [names.index(p.x) for p in points],
            [p.y for p in points],
            marker=_MARKS[number % len(_MARKS)],
            markersize=4,
            linewidth=1,
            label=name,
        )
        broken = [p for p in points if p.broken]
        axes.plot(
            [names.index(p.x) for p in broken],
            [p.y for p in broken],
            linestyle="",
            marker="x",
            markersize=10,
            color=line.get_color(),
        )
    axes.set_title(panel.title)
    axes.set_xlabel(panel.x_title)
    axes.set_ylabel(panel.y_title)
    axes.set_xticks(range(len(names)), names)
    if panel.logarithmic:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.grid(visible=True, linewidth=0.3)
    axes.legend(fontsize=7)
