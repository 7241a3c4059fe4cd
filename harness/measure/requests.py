"""Streams of requests: each arrives at its intended time, however long those before it take.

One thread hands requests over when their time has come; each stream's clerks, on a connection each,
serve them. A wait counts from the intended start, so a request that finds every clerk waiting is
told with the time until one was free.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from queue import SimpleQueue

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from harness.clock import Deadline, now_s
from harness.closing import Closing
from harness.engines.engine import Engine, Isolation
from harness.measure.trial import Program, Stream, StreamDone
from harness.measure.worker import connection_to
from harness.outcome import Refusal
from harness.replay.latency import Durations
from harness.servers import asking

CLERKS = 40
"""How many requests of one stream can be under way at once."""


class Requests(Closing):
    """Streams under way. Use as a context manager, which opens the connections."""

    def __init__(
        self, engine: Engine, url: URL, isolation: Isolation, streams: Sequence[Stream], seed: int
    ) -> None:
        self._stack = ExitStack()
        self._desks = [_Desk(engine, stream, seed + n) for n, stream in enumerate(streams)]
        self._where = engine, url, isolation

    def open(self) -> None:
        """Employ the clerks of every desk, each with a connection."""
        for desk in self._desks:
            for _ in range(CLERKS):
                desk.employ(self._stack.enter_context(connection_to(*self._where)))

    def close(self) -> None:
        """End every clerk and every connection."""
        for desk in self._desks:
            desk.close()
        self._stack.close()

    def start(self) -> None:
        """Let the first requests arrive."""
        for desk in self._desks:
            desk.open()

    def finish(self, deadline: Deadline) -> tuple[StreamDone, ...]:
        """Let no more arrive, wait for those under way; what came of all."""
        for desk in self._desks:
            desk.over.set()
        return tuple(desk.finish(deadline) for desk in self._desks)


class _Desk:
    """One stream, and the clerks who serve it."""

    def __init__(self, engine: Engine, stream: Stream, seed: int) -> None:
        self._engine = engine
        self._stream = stream
        self._chance = random.Random(seed)
        self._queue: SimpleQueue[tuple[float, Program] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waits, self._lags = Durations(), Durations()
        self._refusals: Counter[str] = Counter()
        self._timeouts: set[str] = set()
        self._errors: list[str] = []
        self._arrived = 0
        self._arrivals = threading.Thread(target=self._arrive, daemon=True)
        self.over = threading.Event()
        self._clerks: list[threading.Thread] = []

    def open(self) -> None:
        """Begin."""
        self._arrivals.start()

    def employ(self, connection: Connection) -> None:
        """Have one more clerk, who waits for requests; before the first, so that all is quiet."""
        # One who waits for a lock must not hold up the end of all.
        clerk = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        self._clerks.append(clerk)
        clerk.start()

    def finish(self, deadline: Deadline) -> StreamDone:
        """Wait until every request has been served, or the time is over."""
        self._arrivals.join()
        self.close()
        for clerk in self._clerks:
            clerk.join(deadline.remaining_s())
        with self._lock:
            served = self._waits.count + len(self._errors)
            return StreamDone(
                self._stream.title,
                self._waits,
                self._lags,
                dict(self._refusals),
                frozenset(self._timeouts),
                tuple(self._errors),
                self._arrived - served,
            )

    def close(self) -> None:
        """Let no more arrive; clerks go when the queue is empty."""
        self.over.set()
        for _ in self._clerks:
            self._queue.put(None)

    def _arrive(self) -> None:
        programs = itertools.cycle(self._stream.programs)
        intended_s = now_s()
        while True:
            intended_s += self._chance.expovariate(self._stream.rate_per_s)
            if self.over.wait(max(0.0, intended_s - now_s())):
                return
            self._arrived += 1
            self._lags.record_s(max(0.0, now_s() - intended_s))
            self._queue.put((intended_s, next(programs)))

    def _serve(self, connection: Connection) -> None:
        """A clerk's day."""
        while (request := self._queue.get()) is not None:
            intended_s, program = request
            refused, failed = self._ask(connection, program)
            waited_s = now_s() - intended_s
            with self._lock:
                if failed:
                    self._errors.append(failed)
                    continue
                self._waits.record_s(waited_s)
                if refused:
                    self._refusals[refused.code] += 1
                    if refused.kind in {"lock-timeout", "deadlock"}:
                        self._timeouts.add(refused.code)

    def _ask(self, connection: Connection, program: Program) -> tuple[Refusal | None, str]:
        """The server's refusal, or what else went wrong."""
        try:
            program(connection)
        except DBAPIError as error:
            said = error.orig or error
            refusal = self._engine.classify(said)
            with contextlib.suppress(DBAPIError):
                connection.rollback()
            return refusal, "" if refusal else asking.words(said)
        except (LookupError, RuntimeError, ValueError) as error:
            with contextlib.suppress(DBAPIError):
                connection.rollback()
            return None, f"{type(error).__name__}: {error}"
        return None, ""
