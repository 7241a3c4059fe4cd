"""A picture of the night: which job when, where it waited, and the milestones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness.jobs.course import Outcome
from harness.jobs.rehearsal import NightResult
from harness.jobs.report import began, milestones, seconds_of
from harness.report.drawing import drawing, save

_WELL, _BADLY, _WAITED, _MILESTONE = "#4c72b0", "#c44e52", "#dd8452", "#555555"
_BAR = 0.6
# Not every font has what is written in another script.
_OTHER_SCRIPT = re.compile(r" \([^()]*[^\x00-\x7f][^()]*\)")


def draw(result: NightResult, path: Path) -> None:
    """Draw one engine's night as an SVG, the same for the same times.

    Raises:
        HarnessError: the file cannot be written.
    """
    # Late, since it takes half a second and most commands draw nothing.
    from matplotlib.figure import Figure  # noqa: PLC0415

    run, setting = result.at_once.run, result.setting
    with drawing(result.title, font_size=9):
        figure = Figure(figsize=(10, 1.6 + 0.32 * len(run.ends)), layout="constrained")
        axes = figure.add_subplot()
        for place, end in enumerate(run.ends.values()):
            since, until = seconds_of(run, end)
            fine = end.outcome in {Outcome.ENDED, Outcome.DONE_BEFORE}
            colour = _WELL if fine else _BADLY
            axes.broken_barh([(since, until - since)], (place - _BAR / 2, _BAR), color=colour)
        _draw_waits(axes, result)
        for one in milestones(run):
            axes.axvspan(one.reached_s, one.passed_s, color=_MILESTONE, alpha=0.5, linewidth=1)
            axes.annotate(
                one.milestone, (one.passed_s, 1.01), xycoords=("data", "axes fraction"), ha="center"
            )
        axes.set_yticks(range(len(run.ends)), [name.replace("_", " ") for name in run.ends])
        axes.invert_yaxis()
        axes.set_xlabel("seconds since T1 was reached; orange: waiting for a lock")
        title = _OTHER_SCRIPT.sub("", setting.night.title)
        figure.suptitle(
            f"{title} on {result.title}: placement {setting.network.placement.name}, "
            f"scale {setting.scale:g}, {result.verdict.value}"
        )
        save(figure, path)


def _draw_waits(axes: Any, result: NightResult) -> None:
    run = result.at_once.run
    start = began(run)
    places = {name: place for place, name in enumerate(run.ends)}
    for wait in run.waits:
        if start is None or wait.waiter not in places:
            continue
        since = (wait.began - start).total_seconds()
        length = (wait.last_seen - wait.began).total_seconds()
        place = places[wait.waiter]
        axes.broken_barh([(since, length)], (place - _BAR / 2, _BAR / 3), color=_WAITED)
