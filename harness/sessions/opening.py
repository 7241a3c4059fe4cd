"""Open a session: an engine of its own for one connection, held at every step or running freely."""

from __future__ import annotations

from sqlalchemy import URL, create_engine

from harness.engines.engine import Engine, Isolation
from harness.sessions.hold import count_every_commit, hold_at_every_step, watch_loans
from harness.sessions.session import Report, Session, session_of_this_thread


def open_session(
    name: str,
    kind: Engine,
    url: URL,
    isolation: Isolation,
    report: Report,
    *,
    held: bool,
    attempts: int = 1,
    step_limit: int = 1_000,
) -> Session:
    """A connected session whose programs run at an isolation level.

    Raises:
        sqlalchemy.exc.DBAPIError: the server did not take the connection.
    """
    database = create_engine(
        url,
        isolation_level=isolation.value,
        connect_args=dict(kind.connect_arguments),
        pool_size=1,
        # A second connection is not denied here but noticed, and told to who took it.
        max_overflow=1,
        # What is held rolls back as a step; a reset here would be a hidden one.
        pool_reset_on_return=None if held else "rollback",
    )
    if held:
        hold_at_every_step(database, session_of_this_thread)
    else:
        count_every_commit(database, session_of_this_thread)
    session = Session(name, kind, database, report, attempts=attempts, step_limit=step_limit)
    session.held = held
    watch_loans(database, session)
    session.open()
    return session
