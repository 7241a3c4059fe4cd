"""One trial on a live server, from equal rows to a verdict."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from harness.clock import Deadline, pause
from harness.engines.engine import Engine, Isolation
from harness.errors import ServerError
from harness.measure.crew import Crew
from harness.measure.gauges import Gauges
from harness.measure.judgement import broken_by, unknown_by
from harness.measure.requests import Requests
from harness.measure.trial import JobDone, Measured, StreamDone, Trial
from harness.measure.worker import connection_to
from harness.servers import asking

JOBS_MAX_S = 1800.0
REQUESTS_MAX_S = 180.0
"""How long is waited for requests under way once the jobs have ended."""


class Conductor:
    """Conducts trials in one database."""

    def __init__(
        self, engine: Engine, url: URL, isolation: Isolation, crew: Crew, seed: int
    ) -> None:
        self._engine = engine
        self._url = url
        self._isolation = isolation
        self._crew = crew
        self._seed = seed

    def conduct(self, trial: Trial) -> Measured:
        """Run it once; its tables are as they were put back before.

        Raises:
            ServerError: the server went away in the middle.
            HarnessError: a process of ours did, or the jobs did not end.
        """
        try:
            with ExitStack() as stack:
                if trial.around is not None:
                    stack.enter_context(trial.around(stack.enter_context(self._connected())))
                with Gauges(self._engine, self._url) as gauges:
                    jobs, streams = self._run(trial)
                with self._connected() as connection:
                    checked = trial.check(connection)
        except (DBAPIError, self._engine.driver_error) as error:
            said = (error.orig or error) if isinstance(error, DBAPIError) else error
            raise ServerError(
                f"{self._engine.name}: the server went away in the middle of a trial: "
                f"{asking.words(said)}",
                "what was measured before stands; this trial is unknown",
            ) from error
        return Measured(
            jobs,
            streams,
            gauges.log_bytes,
            gauges.lock_use,
            broken_by(jobs, streams, checked.wrong),
            unknown_by(jobs, streams, kill=trial.kill_after is not None),
            checked.figures,
        )

    def _connected(self) -> AbstractContextManager[Connection]:
        return connection_to(self._engine, self._url, Isolation.READ_COMMITTED)

    def _run(self, trial: Trial) -> tuple[tuple[JobDone, ...], tuple[StreamDone, ...]]:
        where = self._engine, self._url, self._isolation
        with ExitStack() as stack:
            requests = stack.enter_context(Requests(*where, trial.streams, self._seed))
            shift = None
            if trial.jobs:
                shift = self._crew.start(*where, trial.jobs, trial.kill_after)
            requests.start()
            least = Deadline.after(trial.alone_s)
            jobs: tuple[JobDone, ...] = ()
            if shift is not None:
                jobs = shift.wait(Deadline.after(JOBS_MAX_S))
            pause(least.remaining_s())
            return jobs, requests.finish(Deadline.after(REQUESTS_MAX_S))
