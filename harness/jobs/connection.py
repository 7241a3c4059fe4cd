"""One job's own connection, on which every commit is told: before it is sent, and when it is done.

SQLAlchemy's event comes before the commit. What the ledger must have is the moment behind it, when
the server has acknowledged; so the commit of this one engine's dialect is wrapped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from harness.engines.engine import Engine, Isolation

Told = Callable[[int], None]
"""Told the number of a commit, from 1."""


@contextmanager
def job_connection(
    engine: Engine, url: URL, isolation: Isolation, committing: Told, committed: Told
) -> Iterator[Connection]:
    """A connection whose commits are told; closed afterwards.

    Raises:
        sqlalchemy.exc.DBAPIError: the server cannot be reached.
    """
    database = create_engine(
        url,
        poolclass=NullPool,
        # The session ends with the connection, and with it what is open. A rollback on the way
        # would fail where the server is gone, and be logged.
        pool_reset_on_return=None,
        isolation_level=isolation.value,
        connect_args=dict(engine.connect_arguments),
    )
    connection = database.connect()
    send = database.dialect.do_commit
    number = 0

    def commit(driver_connection: Any) -> None:
        nonlocal number
        number += 1
        committing(number)
        send(driver_connection)
        committed(number)

    # Now, and not earlier: what the dialect commits while it opens is no job's.
    database.dialect.do_commit = commit  # type: ignore[assignment,method-assign]
    try:
        yield connection
    finally:
        connection.close()
        database.dispose()
