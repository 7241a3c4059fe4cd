"""Replay a plan on one database: begin the processes, hear what they say, end them.

Whatever ends it (the last request, an order to stop, Ctrl-C), what was measured so far is kept, and
the processes are gone when `replay` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from harness.clock import now_s
from harness.replay.batch import BatchWork
from harness.replay.day import Stage
from harness.replay.generator import GeneratorProcess, cores_for, heard_of
from harness.replay.latency import Durations
from harness.replay.online import OnlineWork
from harness.replay.opening import Place
from harness.replay.plan import BatchTime, Plan
from harness.replay.tally import Tally

_HEAR_S = 0.25
_BEFORE_START_S = 0.2
_DRAIN_S = 60.0
"""How long requests may go on after the last one was due, when no batch is under way."""
_BATCH_MAX_S = 3600.0
_BATCH_BEGINS = 0.1
"""A batch that is moved into online time begins when this part of it is over."""

Register = Callable[[int, str], None]
"""Told which program works on a connection, by the server's number for it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a replay has come, for a display."""

    elapsed_s: float
    ended: int
    retries: int
    refusals: int
    latency: Durations
    lag: Durations
    jobs: Sequence[Mapping[str, Any]]


Watch = Callable[[Moment], None]


@dataclass
class Replayed:
    """What came of a replay."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    online_s: float = 0.0
    """From the start to the end of the last request."""
    elapsed_s: float = 0.0
    interrupted: bool = False
    overdue: bool = False
    """Requests or jobs went on for so long that they were stopped."""
    unfinished: int = 0
    died: int = 0
    """Generator processes that ended before they said what they had counted."""
    computed_s: float = 0.0
    """For how long the processes of the online part computed, added up."""

    def computing(self, processes: int) -> float | None:
        """For which part of the online time each of so many processes computed; None if unknown.

        Near 1 it has no more to give: Python computes on one core at a time.
        """
        if not self.computed_s or not self.online_s:
            return None
        return self.computed_s / (self.online_s * processes)

    def all_lag(self) -> Durations:
        """Lag of all programs' requests together."""
        return Durations.total(tally.lag for tally in self.tallies.values())


class Replayer:
    """One replay, under way."""

    def __init__(
        self,
        place: Place,
        plan: Plan,
        stages: Sequence[Stage],
        batch_time: BatchTime,
        register: Register = lambda _number, _program: None,
    ) -> None:
        self._plan = plan
        self._batch_time = batch_time
        self._register = register
        self._registered: set[int] = set()
        self._start_s = self._batch_start_s = 0.0
        self._found = Replayed()
        self._online = [
            GeneratorProcess(OnlineWork, place, share, core=core)
            for share, core in zip(plan.shares, cores_for(len(plan.shares)), strict=True)
        ]
        self._batch: GeneratorProcess | None = None
        if batch_time is not BatchTime.NONE and stages:
            self._batch = GeneratorProcess(BatchWork, place, timetable(stages, batch_time, plan))

    @property
    def _processes(self) -> list[GeneratorProcess]:
        return [*self._online, *([self._batch] if self._batch is not None else [])]

    def run(self, watch: Watch) -> Replayed:
        """Replay, and return what came of it, also if it was interrupted.

        Raises:
            HarnessError: a process did not get ready; all have been ended.
        """
        with ExitStack() as stack:
            for process in self._processes:
                stack.callback(process.end)
            for process in self._processes:
                process.ready()
            self._name_connections()
            self._begin()
            try:
                self._go_on(watch)
            except KeyboardInterrupt:
                self._found.interrupted = True
                self._stop(watch)
            self._found.elapsed_s = now_s() - self._start_s
            self._gather()
        return self._found

    def _begin(self) -> None:
        self._start_s = now_s() + _BEFORE_START_S
        for process in self._online:
            process.start(self._start_s)
        if self._batch is not None and self._batch_time is BatchTime.BESIDE:
            self._begin_batch(self._start_s)

    def _begin_batch(self, at_s: float) -> None:
        assert self._batch is not None, "there is a batch to begin"
        self._batch_start_s = at_s
        self._batch.start(at_s)

    def _go_on(self, watch: Watch) -> None:
        while not all(process.over for process in self._online):
            self._hear(watch)
            if self._is_overdue():
                self._found.overdue = True
                self._stop(watch)
                return
        self._found.online_s = self._online_s()
        if self._batch is None:
            return
        if self._batch_time is BatchTime.AFTER:
            self._begin_batch(now_s())
        by_s = now_s() + _BATCH_MAX_S
        while not self._batch.over:
            self._hear(watch)
            if now_s() > by_s:
                self._found.overdue = True
                self._stop(watch)
                return

    def _online_s(self) -> float:
        """When the last request ended, as the processes say: they are heard a little later."""
        if any(process.died for process in self._online):
            return now_s() - self._start_s
        told = [told for process in self._online for told in process.last.values.values()]
        return max((one["ended_s"] for one in told), default=0.0)

    def _is_overdue(self) -> bool:
        if self._batch_time is BatchTime.BESIDE and self._batch and not self._batch.over:
            return now_s() > self._start_s + self._plan.length_s + _BATCH_MAX_S
        return now_s() > self._start_s + self._plan.length_s + _DRAIN_S

    def _stop(self, watch: Watch) -> None:
        """Stop all, and hear their last words; each gives them within its grace."""
        if not self._found.online_s:
            self._found.online_s = now_s() - self._start_s
        for process in self._processes:
            process.stop()
        while not all(process.over for process in self._processes):
            self._hear(watch)

    def _hear(self, watch: Watch) -> None:
        heard_of(self._processes, _HEAR_S)
        self._name_connections()
        watch(self._moment())

    def _name_connections(self) -> None:
        for process in self._online:
            for name, told in process.last.values.items():
                self._name(told["connections"], name)
        if self._batch is not None:
            for name, numbers in self._batch.last.values.get("connections", {}).items():
                self._name(numbers, name)

    def _name(self, numbers: Sequence[int], program: str) -> None:
        for number in numbers:
            if number not in self._registered:
                self._registered.add(number)
                self._register(number, program)

    def _moment(self) -> Moment:
        told = [
            program["tally"]
            for process in self._online
            if not process.last.over
            for program in process.last.values.values()
        ]
        return Moment(
            now_s() - self._start_s,
            sum(tally["ended"] for tally in told),
            sum(tally["retries"] for tally in told),
            sum(tally["refusals"] for tally in told),
            Durations.total(Durations.decode(tally["latency"]) for tally in told),
            Durations.total(Durations.decode(tally["lag"]) for tally in told),
            self._jobs(),
        )

    def _jobs(self) -> list[dict[str, Any]]:
        """The jobs, with times since the start of the replay."""
        if self._batch is None:
            return []
        later_s = self._batch_start_s - self._start_s
        jobs = [dict(job) for job in self._batch.last.values.get("jobs", [])]
        for job in jobs:
            job["began_s"] += later_s
            if job["ended_s"] is not None:
                job["ended_s"] += later_s
        return jobs

    def _gather(self) -> None:
        found = self._found
        for process in self._processes:
            found.unfinished += process.last.unfinished
            found.died += process.died
        for process in self._online:
            found.computed_s += process.last.computed_s
            if process.last.over:
                for name, told in process.last.values.items():
                    found.tallies.setdefault(name, Tally()).add(Tally.unpacked(told["tally"]))
        found.tallies = {
            name: found.tallies[name] for name in self._plan.day.programs if name in found.tallies
        }
        found.jobs = self._jobs()


def timetable(
    stages: Sequence[Stage], batch_time: BatchTime, plan: Plan
) -> list[tuple[float, Stage]]:
    """The stages, each with the seconds after the batch's start before which it does not begin.

    What is moved into online time and due when that has been cut already is left out. After online
    time each program runs alone, so that its log bytes are its own.
    """
    if batch_time is not BatchTime.BESIDE:
        return [
            (0.0, [job for job in stage if job.name == name])
            for stage in stages
            for name in dict.fromkeys(job.name for job in stage)
        ]
    found = [(_due_s(stage, plan), stage) for stage in stages]
    return [(due_s, stage) for due_s, stage in found if due_s < plan.length_s]


def _due_s(stage: Stage, plan: Plan) -> float:
    said_s = [job.due_s for job in stage if job.due_s is not None]
    if not said_s:
        return plan.length_s * _BATCH_BEGINS
    return (max(said_s) - plan.day.opens_s) / plan.pace.speed
