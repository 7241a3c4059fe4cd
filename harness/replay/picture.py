"""A picture of a replay: latencies over time, and the batch beside them."""

from __future__ import annotations

from pathlib import Path

from harness.replay.latency import Durations
from harness.replay.result import Result
from harness.report.drawing import drawing, save

_PERCENTILES = ((50.0, "p50", "#4c72b0"), (99.0, "p99", "#c44e52"))
_SHADES = ("#dddddd", "#eeeeee")


def points(result: Result) -> list[tuple[float, Durations]]:
    """All programs' latencies by slice: when it began, in seconds since the start."""
    slices: dict[int, Durations] = {}
    for tally in result.replayed.tallies.values():
        for number, found in tally.slices.items():
            slices.setdefault(number, Durations(coarse=True)).add(found)
    return [(number * result.plan.slice_s, slices[number]) for number in sorted(slices)]


def draw(result: Result, path: Path) -> None:
    """Draw latency percentiles over time with the batch programs' windows shaded.

    Raises:
        HarnessError: the file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - takes long to import, and few draw

    with drawing(result.version):
        figure = Figure(figsize=(11, 6), layout="constrained")
        axes = figure.add_subplot()
        found = points(result)
        for percentile, name, colour in _PERCENTILES:
            axes.step(
                [at_s for at_s, _ in found],
                [latency.at_s(percentile) * 1000 for _, latency in found],
                where="post",
                label=f"latency {name}",
                color=colour,
            )
        for number, job in enumerate(result.replayed.jobs):
            ended_s = job["ended_s"] if job["ended_s"] is not None else result.replayed.elapsed_s
            axes.axvspan(job["began_s"], ended_s, color=_SHADES[number % 2], zorder=0)
            axes.text(
                (job["began_s"] + ended_s) / 2,
                0.99,
                job["job"].replace("_", " "),
                rotation=90,
                fontsize=7,
                ha="center",
                va="top",
                transform=axes.get_xaxis_transform(),
            )
        axes.set_yscale("log")
        axes.set_xlabel(
            f"seconds since the start, {result.plan.pace.speed:g} times as fast as the day"
        )
        axes.set_ylabel("ms, from the intended start")
        axes.set_title(
            f"{result.engine.title} {result.version}, {result.isolation.title}, "
            f"batch {result.setting.batch.value}: {result.ended:,} requests, {result.verdict.value}"
        )
        axes.legend(loc="upper left")
        save(figure, path)
