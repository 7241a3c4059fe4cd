"""Processes for jobs: as many as run at once, started once and used for trial after trial."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy import URL

from harness.clock import Deadline
from harness.closing import Closing
from harness.engines.engine import Engine, Isolation
from harness.errors import DeadlineExceeded, HarnessError
from harness.measure import worker
from harness.measure.trial import Job, JobDone

_END_S = 5.0
"""How long a process that was told to end may take, before it is made to."""


@dataclass(frozen=True)
class _Worker:
    process: BaseProcess
    pipe: Pipe


class Crew(Closing):
    """So many processes. Use as a context manager.

    They are fresh ones, not forked: threads and connections of this process are not theirs.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._workers: list[_Worker] = []

    def open(self) -> None:
        """Start every process."""
        context = multiprocessing.get_context("spawn")
        for number in range(self._number):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_live, args=(theirs,), name=f"job {number + 1}", daemon=True
            )
            self._workers.append(_Worker(process, ours))
            process.start()
            theirs.close()

    def close(self) -> None:
        """End every process, also one in the middle of a job."""
        for one in self._workers:
            one.pipe.close()
        for one in self._workers:
            if one.process.pid is None:
                continue
            one.process.terminate()
            one.process.join(_END_S)
            if one.process.is_alive():
                one.process.kill()
                one.process.join()
        self._workers = []

    def start(
        self,
        engine: Engine,
        url: URL,
        isolation: Isolation,
        jobs: Sequence[Job],
        kill_after: int | None = None,
    ) -> Shift:
        """Give each job to a process and let them begin together, once all have a connection.

        `kill_after` belongs to the first job.

        Raises:
            HarnessError: a process has ended.
        """
        assert len(jobs) <= len(self._workers), "more jobs than processes"
        taken = self._workers[: len(jobs)]
        for number, (one, job) in enumerate(zip(taken, jobs, strict=True)):
            kill = kill_after if number == 0 else None
            _send(one, worker.Assignment(engine.name, url, isolation, job, kill))
        early: dict[int, JobDone] = {}
        for number, one in enumerate(taken):
            answer = _received(one)
            if isinstance(answer, JobDone):
                early[number] = answer
        for number, one in enumerate(taken):
            if number not in early:
                _send(one, worker.Go())
        return Shift(taken, early)


class Shift:
    """Jobs under way."""

    def __init__(self, workers: Sequence[_Worker], early: dict[int, JobDone]) -> None:
        self._workers = workers
        self._done = early

    def wait(self, deadline: Deadline) -> tuple[JobDone, ...]:
        """What came of each, when all have ended.

        Raises:
            DeadlineExceeded: they did not end in time.
            HarnessError: a process has ended in the middle.
        """
        for number, one in enumerate(self._workers):
            if number in self._done:
                continue
            if not one.pipe.poll(deadline.remaining_s()):
                raise DeadlineExceeded(f"jobs: not done within {deadline.length_s:g} s")
            self._done[number] = _received(one)
        return tuple(self._done[number] for number in range(len(self._workers)))


def _send(one: _Worker, message: object) -> None:
    try:
        one.pipe.send(message)
    except OSError as error:
        raise _lost() from error


def _received(one: _Worker) -> Any:
    try:
        return one.pipe.recv()
    except (EOFError, OSError) as error:
        raise _lost() from error


def _lost() -> HarnessError:
    return HarnessError("a job's process ended in the middle of its work", "is memory short?")


def _live(pipe: Pipe) -> None:
    """A worker's life, in its own process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the parent's, who then ends its workers
    worker.live(pipe)
