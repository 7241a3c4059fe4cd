"""One job on its own connection, from its start to its end in the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import tenacity
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from harness.engines.engine import Engine
from harness.jobs.connection import job_connection
from harness.jobs.course import Course, JobEnd, Outcome
from harness.jobs.job import Rerun
from harness.jobs.ledger import Entry, Event, Ledger
from harness.jobs.meter import JobMeter
from harness.jobs.night import Prepared
from harness.jobs.waits import WaitWatch
from harness.sessions.session import first_line


@dataclass(frozen=True)
class Workplace:
    """Where jobs run, and who is told of them."""

    engine: Engine
    url: URL
    prepared: Prepared
    course: Course
    ledger: Ledger
    watch: WaitWatch
    meter: JobMeter | None = None
    """Where jobs run one after the other."""


def run_job(place: Workplace, name: str, *, sent: bool) -> JobEnd:
    """Run one job to its end, whatever it is; nothing is raised but what the ledger raises.

    `sent` says that a commit of this job was sent before and not heard of: a refusal because the
    work is done then means that it had arrived.
    """
    runs: list[_Run] = []
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(place.course.attempts),
        retry=tenacity.retry_if_exception(lambda error: _may_pass(place.engine, error)),
        wait=tenacity.wait_random(0.0, 0.2),
        reraise=True,
    )
    try:
        for attempt in retrying:
            with attempt:
                runs.append(_Run(place, name, len(runs) + 1))
                return runs[-1].to_the_end()
    except Exception as error:  # noqa: BLE001 - whatever a program raises is its end
        outcome = _outcome(place, name, error, sent=sent)
        detail = f"{type(error).__name__}: {first_line(error)}"
        event = Event.ENDED if outcome is Outcome.DONE_BEFORE else Event.FAILED
        entry = place.ledger.record(event, name, detail=f"{outcome.value}: {detail}")
        began = runs[-1].began.at if runs and runs[-1].began else None
        units = sum(run.units for run in runs)
        return JobEnd(name, outcome, detail, began, entry.at, units)
    raise AssertionError("tenacity ends by a return or by an error")


class _Run:
    """One attempt at a job."""

    def __init__(self, place: Workplace, name: str, attempt: int) -> None:
        self._place = place
        self._name = name
        self._attempt = attempt
        self.began: Entry | None = None
        self.units = 0

    def to_the_end(self) -> JobEnd:
        place, name = self._place, self._name
        detail = f"attempt {self._attempt}"
        self.began = place.ledger.record(Event.STARTED, name, detail=detail)
        if place.meter is not None:
            place.meter.begin(name)
        with job_connection(
            place.engine, place.url, place.course.isolation, self._committing, self._committed
        ) as connection:
            place.watch.begin(name, self._session(connection))
            try:
                returned = repr(place.prepared.programs[name](connection))
            finally:
                place.watch.end(name)
        if place.meter is not None:
            place.meter.end(name)
        entry = place.ledger.record(Event.ENDED, name, unit=self.units, detail=returned)
        return JobEnd(name, Outcome.ENDED, returned, self.began.at, entry.at, self.units)

    def _session(self, connection: Connection) -> int:
        number = int(connection.execute(text(self._place.engine.session_query)).scalar_one())
        connection.rollback()
        return number

    def _committing(self, unit: int) -> None:
        if self._place.meter is not None:
            self._place.meter.at_commit(self._name)
        self._place.ledger.record(Event.COMMITTING, self._name, unit=unit)

    def _committed(self, unit: int) -> None:
        self.units = unit
        self._place.ledger.record(Event.COMMITTED, self._name, unit=unit)


def _may_pass(engine: Engine, error: BaseException) -> bool:
    refusal = engine.classify(_driver_error(error))
    return refusal is not None and refusal.retryable


def _outcome(place: Workplace, name: str, error: Exception, *, sent: bool) -> Outcome:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Outcome.LOST
    if sent and _says_done(place, name, error):
        return Outcome.DONE_BEFORE
    if isinstance(error, DBAPIError) and place.engine.classify(_driver_error(error)) is None:
        return Outcome.LOST if _is_connecting(error) else Outcome.FAILED
    return Outcome.FAILED


def _says_done(place: Workplace, name: str, error: Exception) -> bool:
    """Whether a job is refused because all of its work is done.

    Only of a job that commits once and refuses to run twice: one that goes on where it had come to
    has more to do, whatever it was refused for. Of the server's refusals only a key that is there
    already says it; a check or a missing parent is a failure.
    """
    if place.course.network.jobs[name].rerun is not Rerun.REFUSES:
        return False
    if not isinstance(error, place.prepared.already_done):
        return False
    if not isinstance(error, DBAPIError):
        return True
    refusal = place.engine.classify(_driver_error(error))
    return refusal is not None and refusal.duplicate


def _driver_error(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig
    return error


def _is_connecting(error: DBAPIError) -> bool:
    """Whether the server was not reached at all: then there was no statement."""
    return error.statement is None
