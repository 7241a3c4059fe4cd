"""The free-running lane: programs at full speed beside each other, many rounds, nothing held.

The systematic search takes statements as wholes, and two statements can overlap inside the server
(`INSERT … WHERE NOT EXISTS`, an upsert without a unique key). So a systematic "holds" is followed
by some rounds in which the programs start together and run freely. A round can only break what the
search found whole: it proves nothing when it does not.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from queue import Empty
from types import TracebackType
from typing import Self

from sqlalchemy import URL

from harness.clock import Deadline, pause
from harness.engines.engine import Engine, Isolation
from harness.errors import DeadlineExceeded
from harness.interleave.execution import Execution
from harness.programs import Program, Stopped
from harness.sessions.mailbox import Mailbox
from harness.sessions.opening import open_session
from harness.sessions.session import Arrival, Finished, Session

_SPREAD_S = 0.0015
"""Programs start within so long of each other, by lot: overlaps of every kind come about."""


@dataclass(frozen=True, slots=True)
class Stress:
    """How long the lane is."""

    rounds: int = 50
    seed: int = 0


class FreeRun:
    """Sessions that run whole programs without being held. Use as a context manager."""

    def __init__(
        self,
        engine: Engine,
        url: URL,
        isolation: Isolation,
        programs: Mapping[str, Program],
        seed: int,
        limit_s: float,
    ) -> None:
        self._engine = engine
        self._url = url
        self._isolation = isolation
        self._programs = dict(programs)
        self._chance = random.Random(seed)
        self._limit_s = limit_s
        self._arrivals: Mailbox[Arrival] = Mailbox()
        self._sessions: dict[str, Session] = {}

    def __enter__(self) -> Self:
        try:
            for name in self._programs:
                self._sessions[name] = open_session(
                    name,
                    self._engine,
                    self._url,
                    self._isolation,
                    self._arrivals.put,
                    held=False,
                )
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every session."""
        for session in self._sessions.values():
            session.close()
        self._sessions = {}

    def round(self) -> Execution:
        """Run every program once, started together; an execution that has ends and no turns.

        Raises:
            DeadlineExceeded: a program did not end in time.
        """
        execution = Execution()
        start = threading.Barrier(len(self._programs))
        for name, program in self._programs.items():
            self._sessions[name].start(self._together(program, start))
        deadline = Deadline.after(self._limit_s)
        while len(execution.ends) < len(self._programs):
            try:
                arrival = self._arrivals.take(deadline.remaining_s())
            except Empty:
                for session in self._sessions.values():
                    session.interrupt()
                raise DeadlineExceeded(
                    f"free-running round: not over within {self._limit_s:g} s"
                ) from None
            assert isinstance(arrival.state, Finished), "nothing is held in this lane"
            execution.ends[arrival.session.name] = arrival.state.end
        for name, end in execution.ends.items():
            if isinstance(end, Stopped):
                execution.stopped = f"{name}: {end.reason}"
        return execution

    def _together(self, program: Program, start: threading.Barrier) -> Program:
        delay_s = self._chance.random() * _SPREAD_S

        def run(given: object) -> object:
            start.wait(self._limit_s)
            pause(delay_s)
            return program.run(given)

        return replace(program, run=run)
