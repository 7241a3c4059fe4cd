"""How far a replay has come, on stderr while it goes on."""

from __future__ import annotations

import sys

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from harness.cli.results import console
from harness.closing import Closing
from harness.replay.replayer import Moment


class ReplayProgress(Closing):
    """One line that is written over again; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            console=console(sys.stderr),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("", total=None, told="")
        self._title = ""

    def open(self) -> None:
        """Show the line."""
        self._progress.start()

    def close(self) -> None:
        """Take it away."""
        self._progress.stop()

    def begin(self, title: str) -> None:
        """Go on to another server."""
        self._title = title
        self.say("starting a server")

    def say(self, what: str) -> None:
        """What is being done."""
        self._progress.update(self._task, description=f"{self._title}: {what}", told="")

    def watch(self, moment: Moment) -> None:
        """Show how far the replay has come."""
        rate = moment.ended / moment.elapsed_s if moment.elapsed_s > 0 else 0.0
        job = next((job["job"] for job in moment.jobs if job["ended_s"] is None), "")
        told = (
            f"{moment.ended:,} requests, {rate:,.0f}/s, p99 {moment.latency.at_s(99) * 1000:.0f} ms"
            f", lag p99 {moment.lag.at_s(99) * 1000:.1f} ms, {moment.retries} retries"
        )
        beside = f", {job.replace('_', ' ')}" if job else ""
        self._progress.update(self._task, told=told + beside)
