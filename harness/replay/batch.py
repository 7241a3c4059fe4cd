"""What a process does with the batch: its stages, one after the other, on connections of its own.

When a job does not come to its end, the jobs beside it go on, and no later stage begins: it would
not find what it needs.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

from harness.clock import now_s
from harness.replay.attempt import Line
from harness.replay.day import Job, Stage
from harness.replay.log_bytes import LogMeter
from harness.replay.opening import Place
from harness.replay.tally import End


class BatchWork:
    """The stages of a batch."""

    def __init__(self, place: Place, timetable: Sequence[tuple[float, Stage]]) -> None:
        """Each stage with the seconds after the start before which it does not begin."""
        self._place = place
        self._due_s = [due_s for due_s, _stage in timetable]
        stages = [stage for _due_s, stage in timetable]
        self._databases = {job.name: place.database(job.name) for stage in stages for job in stage}
        self._stages = stages
        self._stop = threading.Event()
        self._told: list[dict[str, Any]] = []
        self._opened: dict[str, list[int]] = {}
        self._thread = threading.Thread(target=self._live, name="batch", daemon=True)
        self._start_s = 0.0
        self._lines: list[list[Line]] = []
        self._meter = LogMeter(place.engine, place.url)

    def connect(self) -> None:
        """Open a connection for every job.

        Raises:
            ServerError: it does not.
        """
        with self._place.connecting():
            self._lines = [[self._line(job) for job in stage] for stage in self._stages]
            for line in chain.from_iterable(self._lines):
                line.open()
            self._meter.open()

    def start(self, start_s: float) -> None:
        """Begin at this moment."""
        self._start_s = start_s
        self._thread.start()

    def stop(self) -> None:
        """Begin no further stage."""
        self._stop.set()

    def at_work(self) -> int:
        """Whether the stages go on."""
        return int(self._thread.is_alive())

    def count(self) -> None:
        """Nothing: what came of a job is told as it ends."""

    def told(self, *, whole: bool) -> Mapping[str, Any]:
        """The jobs that have begun, and the server's numbers of their connections."""
        return {
            "jobs": [dict(told) for told in list(self._told)],
            "connections": {name: list(numbers) for name, numbers in list(self._opened.items())},
        }

    def _note(self, name: str) -> Any:
        return self._opened.setdefault(name, []).append

    def _live(self) -> None:
        for stage, lines, due_s in zip(self._stages, self._lines, self._due_s, strict=True):
            if self._stop.wait(max(0.0, self._start_s + due_s - now_s())):
                return
            before = self._meter.read()
            notes = [self._begun(job) for job in stage]
            with ThreadPoolExecutor(len(stage), "job") as threads:
                for _ in threads.map(self._run, stage, lines, notes):
                    pass
            written = None if before is None else self._meter.since(before)
            for told in notes:
                told["log_bytes_of_stage"] = written
            if any(told["end"] != End.COMMITTED.value for told in notes):
                return

    def _begun(self, job: Job) -> dict[str, Any]:
        told: dict[str, Any] = {
            "job": job.name,
            "began_s": now_s() - self._start_s,
            "ended_s": None,
            "end": None,
        }
        self._told.append(told)
        return told

    def _line(self, job: Job) -> Line:
        database = self._databases[job.name]
        return Line(self._place.engine, database, self._place.attempts, self._note(job.name))

    def _run(self, job: Job, line: Line, told: dict[str, Any]) -> None:
        ended = line.run(job.run, (), ())
        told |= {
            "ended_s": now_s() - self._start_s,
            "added": ended.rows.added,
            "updated": ended.rows.updated,
            "deleted": ended.rows.deleted,
            "retries": ended.retries,
            "refusals": dict(line.take_refusals()),
            "error": ended.error,
            "returned": "" if ended.value is None else str(ended.value),
            "end": ended.end.value,
        }
        line.close()
