"""The free-running lane: programs at full speed beside each other, many rounds, nothing held.

The systematic search takes statements as wholes, and two statements can overlap inside the server
(`INSERT … WHERE NOT EXISTS`, an upsert without a unique key). So a systematic "holds" is followed
by some rounds in which the programs start together and run freely. A round can only break what the
search found whole: it proves nothing when it does not.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from queue import Empty

from sqlalchemy import URL

from harness.clock import Deadline, pause
from harness.closing import Closing
from harness.engines.engine import Engine, Isolation
from harness.errors import DeadlineExceeded, HarnessError, ServerError
from harness.interleave.execution import Execution
from harness.interleave.witness import Witness
from harness.programs import Program, Stopped
from harness.sessions.mailbox import Mailbox
from harness.sessions.opening import open_session
from harness.sessions.session import Arrival, Finished, Session

_SPREAD_S = 0.0015
"""Programs start within so long of each other, by lot: overlaps of every kind come about."""

_END_LIMIT_S = 5.0
"""So long programs are told to end before their threads are given up."""


@dataclass(frozen=True, slots=True)
class Stress:
    """How long the lane is."""

    rounds: int = 50
    seed: int = 0
    round_s: float = 120.0
    """A round that is not over after so long makes the cell unknown: the programs run whole in it,
    and may wait for one another."""


class FreeRun(Closing):
    """Sessions that run whole programs without being held. Use as a context manager."""

    def __init__(
        self,
        engine: Engine,
        url: URL,
        isolation: Isolation,
        programs: Mapping[str, Program],
        stress: Stress,
        attempts: int = 1,
    ) -> None:
        self._engine = engine
        self._url = url
        self._isolation = isolation
        self._programs = dict(programs)
        self._chance = random.Random(stress.seed)
        self._limit_s = stress.round_s
        self._attempts = attempts
        self._arrivals: Mailbox[Arrival] = Mailbox()
        self._sessions: dict[str, Session] = {}

    def open(self) -> None:
        """Open a session for each program."""
        for name in self._programs:
            self._sessions[name] = open_session(
                name,
                self._engine,
                self._url,
                self._isolation,
                self._arrivals.put,
                held=False,
                attempts=self._attempts,
            )

    def close(self) -> None:
        """End every session.

        Raises:
            HarnessError: a program could not be made to end; its thread is named.
        """
        left = [session for session in self._sessions.values() if not session.close()]
        deadline = Deadline.after(_END_LIMIT_S)
        while left and not deadline.over():
            self._stop(left)
            left = [session for session in left if not session.close()]
        self._sessions = {}
        if left:
            raise HarnessError(
                f"{', '.join(s.name for s in left)}: the program does not end, "
                "its thread is left behind",
                "does it wait for something outside the database?",
            )

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
                start.abort()
                self._stop([s for n, s in self._sessions.items() if n not in execution.ends])
                raise DeadlineExceeded(
                    f"free-running round: not over within {self._limit_s:g} s"
                ) from None
            assert isinstance(arrival.state, Finished), "nothing is held in this lane"
            end = execution.ends[arrival.session.name] = arrival.state.end
            if isinstance(end, Stopped):
                execution.stopped = execution.stopped or f"{arrival.session.name}: {end.reason}"
                start.abort()  # it may not have come to the start, where the others wait for it
        return execution

    def _stop(self, sessions: Sequence[Session]) -> None:
        """End programs where they stand, and their connections.

        The server ends these: a statement of theirs may wait or work on, with locks that would hold
        up who drops the tables.
        """
        for session in sessions:
            session.mark_abandoned()
        try:
            with closing(Witness(self._engine, self._url)) as witness:
                witness.watch({s.name: s.server_id for s in sessions if s.server_id})
                for session in sessions:
                    witness.cut(session.name)
        except (ServerError, self._engine.driver_error):
            pass  # the server is gone, and the connections with it
        for session in sessions:
            if session.running:
                session.interrupt()

    def _together(self, program: Program, start: threading.Barrier) -> Program:
        delay_s = self._chance.random() * _SPREAD_S
        started = threading.Event()

        def run(given: object) -> object:
            if not started.is_set():  # else it was refused, and is run again
                started.set()
                start.wait()
                pause(delay_s)
            return program.run(given)

        return replace(program, run=run)
