"""A job's side: a process that runs one job after the other, each on a connection of its own.

What the server refuses is run again from the beginning, as an operator would.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from harness.clock import now_s
from harness.engines import ENGINES, Isolation
from harness.engines.engine import Engine
from harness.measure.trial import Attempt, Job, JobDone
from harness.servers import asking

ATTEMPTS_MAX = 25
"""How often a job is run before it is given up."""


class Ready:
    """The job's connection is open."""


class Go:
    """An order to begin."""


class Pipe(Protocol):
    """Both ends of `multiprocessing`'s pipes."""

    def send(self, message: Any, /) -> None:
        """Send a message."""

    def recv(self) -> Any:
        """The next message; raises EOFError when the other end is gone."""


@dataclass(frozen=True)
class Assignment:
    """A job, and where it is to run. The engine goes by its name."""

    engine: str
    url: URL
    isolation: Isolation
    job: Job
    kill_after: int | None


def live(pipe: Pipe) -> None:
    """Do what comes through the pipe until the other end is gone."""
    while True:
        try:
            assignment = pipe.recv()
            assert isinstance(assignment, Assignment), "a job comes first"
            pipe.send(_done(pipe, assignment))
        except (EOFError, OSError):
            return


def _done(pipe: Pipe, assignment: Assignment) -> JobDone:
    try:
        with _connected(assignment) as connection:
            pipe.send(Ready())
            assert isinstance(pipe.recv(), Go), "then comes the order to begin"
            return _run(assignment, connection)
    except DBAPIError as error:  # it did not connect
        now = now_s()
        raised = Attempt("raised", asking.words(error.orig or error))
        return JobDone(assignment.job.title, now, now, (raised,))


@contextlib.contextmanager
def _connected(assignment: Assignment) -> Iterator[Connection]:
    with connection_to(ENGINES[assignment.engine], assignment.url, assignment.isolation) as opened:
        yield opened


@contextlib.contextmanager
def connection_to(engine: Engine, url: URL, isolation: Isolation) -> Iterator[Connection]:
    """A connection of its own at some level, closed afterwards.

    Raises:
        sqlalchemy.exc.DBAPIError: the server does not answer, or refuses.
    """
    database = create_engine(
        url,
        poolclass=NullPool,
        isolation_level=isolation.value,
        connect_args=dict(engine.connect_arguments),
    )
    with database.connect() as connection:
        yield connection


def _run(assignment: Assignment, connection: Connection) -> JobDone:
    kill_after, attempts = assignment.kill_after, list[Attempt]()
    started_s = now_s()
    while len(attempts) < ATTEMPTS_MAX:
        if any(attempt.end == "killed" for attempt in attempts):
            with _connected(assignment) as another:
                attempts.append(_attempt(assignment, another, None))
        else:
            attempts.append(_attempt(assignment, connection, kill_after))
        if not _is_run_again(attempts[-1]):
            break
    return JobDone(assignment.job.title, started_s, now_s(), tuple(attempts))


def _is_run_again(attempt: Attempt) -> bool:
    """What the server refused may pass the next time, unless the rows stand against it."""
    return attempt.end == "killed" or (attempt.end == "refused" and attempt.kind != "constraint")


def _attempt(assignment: Assignment, connection: Connection, kill_after: int | None) -> Attempt:
    engine = ENGINES[assignment.engine]
    killed: list[int] = []
    try:
        with _killed_after(kill_after, engine, assignment.url, connection, killed):
            assignment.job.run(connection)
    except DBAPIError as error:
        if killed:
            connection.invalidate()
            return Attempt("killed", f"after {kill_after} statements")
        said = error.orig or error
        refusal = engine.classify(said)
        with contextlib.suppress(DBAPIError):
            connection.rollback()
        if refusal is not None:
            return Attempt("refused", refusal.code, refusal.kind)
        return Attempt("raised", asking.words(said))
    except (LookupError, RuntimeError, ValueError, TypeError, AssertionError) as error:
        with contextlib.suppress(DBAPIError):
            connection.rollback()
        return Attempt("raised", f"{type(error).__name__}: {error}")
    if killed:
        return Attempt("raised", "it ended before anybody noticed that its session had been")
    return Attempt("returned")


@contextlib.contextmanager
def _killed_after(
    number: int | None, engine: Engine, url: URL, connection: Connection, happened: list[int]
) -> Iterator[None]:
    """End the connection's session before its statement after so many; the list says if so."""
    if number is None:
        yield
        return
    own = connection.exec_driver_sql(engine.session_query).scalar_one()
    connection.rollback()
    done = 0

    def count(*_: object) -> None:
        nonlocal done
        if done == number:
            happened.append(done)
            asking.tell(engine, url, [engine.measuring.end_session.format(own)])
        done += 1

    event.listen(connection, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", count)
