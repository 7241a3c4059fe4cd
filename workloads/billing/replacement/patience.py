"""What needs tables alone, tried again and again: it never waits long at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy.exc import DBAPIError

from harness.clock import Deadline, poll
from harness.engines.engine import Engine
from harness.servers.asking import execute as tell
from harness.sessions.session import refusal_of

_WITHIN_S: Final = 60.0
_AGAIN_S: Final = 0.1
_INSISTS_AT: Final = 10
"""The try that may wait longer, for what gives way only then (`Partitioning.insistent`)."""

Done = TypeVar("Done")


def patiently(engine: Engine, connection: Any, work: Callable[[], Done]) -> Done:
    """Do it until nobody is in its way; `connection` is a driver's own, and quiet.

    A try that is refused is rolled back: the work must be such that it can be done again.

    Raises:
        DeadlineExceeded: others were in its way all the time.
        engine.driver_error, sqlalchemy.exc.DBAPIError: the server refused it for good.
    """
    insistent = engine.partitioning.insistent
    tries = poll(Deadline.after(_WITHIN_S), "having the tables alone", _AGAIN_S)
    for number, _ in enumerate(tries, 1):
        insists = bool(insistent) and number == _INSISTS_AT
        try:
            if insists:
                tell(connection, insistent)
            done = work()
            if insists:  # what follows in the same transaction is as quiet as ever
                tell(connection, engine.partitioning.quiet)
        except (DBAPIError, engine.driver_error) as error:
            refusal = refusal_of(engine, error)
            if refusal is None or not refusal.retryable:
                raise
            connection.rollback()
        else:
            return done
    raise AssertionError("polling ends by its deadline")
