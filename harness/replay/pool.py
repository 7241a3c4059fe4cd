"""The connections of one program in one process, and the requests that they take in turn.

Each connection has a thread, which takes the next request as soon as it is free, waits until that
is due and runs it. So no thread is woken but by its own request's moment, no request is handed from
thread to thread, and none waits behind a slow one while another connection is free. The threads
only note what has ended. The process's own thread counts it, many at a time, which takes less of
the core.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine as Database

from harness.clock import now_s
from harness.engines import Engine
from harness.replay.attempt import Ended, Line
from harness.replay.day import OnlineProgram
from harness.replay.tally import End, Tally

_ERRORS_TOLD = 20

_Note = tuple[Ended, Mapping[str, int], float, float, float, bool]
"""How a request ended, and after which refusals; when it was due, began and ended; whether it found
every connection at work. A plain tuple: it is made while requests wait."""


class Pool:
    """Runs the requests of a program."""

    def __init__(
        self,
        program: OnlineProgram,
        requests: Sequence[tuple[float, Any]],
        engine: Engine,
        database: Database,
        connections: int,
        attempts: int,
        slice_s: float,
    ) -> None:
        """`requests` are pairs: when it is due, in seconds after the start, and the request."""
        self.program = program
        self.tally = Tally()
        self.opened: list[int] = []
        """The server's numbers of the connections that were opened."""
        self._requests = requests
        self._next = 0
        self._slice_s = slice_s
        self._start_s = 0.0
        self._ended_s = 0.0
        self._taking = threading.Lock()
        self._noted: deque[_Note] = deque()
        self._stopped = threading.Event()
        # Held until then: to wait for a lock is one call, and an event makes a lock for each wait.
        self._going_on = threading.Lock()
        self._going_on.acquire()
        self._lines = [
            Line(engine, database, attempts, self.opened.append)
            for _ in range(min(connections, len(requests)))
        ]
        self._threads = [
            threading.Thread(target=self._live, args=(line,), name=program.name, daemon=True)
            for line in self._lines
        ]

    def connect(self) -> None:
        """Open every connection.

        Raises:
            sqlalchemy.exc.DBAPIError: the server did not take one.
        """
        for line in self._lines:
            line.open()

    def start(self, start_s: float) -> None:
        """Begin; `start_s` is the moment, on the clock of `now_s`, from which requests are due."""
        self._start_s = start_s
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no further request."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._going_on.release()

    def at_work(self) -> int:
        """How many threads have not come to their end."""
        return sum(thread.is_alive() for thread in self._threads)

    def count(self) -> None:
        """Count what has ended since the last time."""
        while self._noted:
            self._count(*self._noted.popleft())

    def told(self, *, whole: bool) -> dict[str, Any]:
        """The tally so far, as plain values; in brief, while every moment is precious."""
        self.count()
        return self.tally.packed() if whole else self.tally.brief()

    @property
    def ended_s(self) -> float:
        """When the last request counted ended, in seconds after the start; zero if none has."""
        return self._ended_s

    def _live(self, line: Line) -> None:
        free_s = now_s()
        while (taken := self._take()) is not None:
            due_s, request = taken
            if not self._due(due_s):
                break
            began_s = now_s()
            ended = line.run(self.program.run, (request,), self.program.expected_errors)
            busy = free_s > due_s
            free_s = now_s()
            self._noted.append((ended, line.take_refusals(), due_s, began_s, free_s, busy))
        line.close()

    def _take(self) -> tuple[float, Any] | None:
        with self._taking:
            number = self._next
            self._next += 1
        if number >= len(self._requests) or self._stopped.is_set():
            return None
        after_s, request = self._requests[number]
        return self._start_s + after_s, request

    def _due(self, due_s: float) -> bool:
        """Wait until it is due; False if everything was stopped before."""
        remaining_s = due_s - now_s()
        if remaining_s <= 0 or not self._going_on.acquire(timeout=remaining_s):
            return True
        self._going_on.release()  # for the others who wait
        return False

    def _count(
        self,
        ended: Ended,
        refusals: Mapping[str, int],
        due_s: float,
        began_s: float,
        ended_s: float,
        busy: bool,
    ) -> None:
        slice_no = int((due_s - self._start_s) / self._slice_s)
        self._ended_s = max(self._ended_s, ended_s - self._start_s)
        tally = self.tally
        tally.record(ended.end, began_s - due_s, ended_s - due_s, slice_no)
        tally.found_busy += busy
        tally.rows.add(ended.rows)
        tally.retries += ended.retries
        if refusals:
            tally.refusals.update(refusals)
        if ended.error and (ended.error in tally.errors or len(tally.errors) < _ERRORS_TOLD):
            tally.errors[ended.error] += 1
        elif ended.end is End.FAILED:
            tally.errors["others"] += 1
