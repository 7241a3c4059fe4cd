"""Hold sessions at SQLAlchemy's connection events.

`before_cursor_execute` sees every statement, whether it comes from `text()`, Core or the ORM, and
savepoints, which SQLAlchemy sends as statements; `commit` and `rollback` are fired before the
driver is called (SQLAlchemy, "Core Events"). What goes around SQLAlchemy, through the driver's own
cursor,
is not seen: it runs inside the step before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import (
    DBAPIConnection,
    DBAPICursor,
    ExceptionContext,
    ExecutionContext,
)
from sqlalchemy.pool import ConnectionPoolEntry, Pool, PoolProxiedConnection, PoolResetState

from harness.errors import ProgramMisbehaved
from harness.sessions.own_threads import is_own_thread
from harness.sessions.session import Session, session_of_this_thread, step_error
from harness.sessions.step import AUTOCOMMIT, Effect, Step, StepKind

ROWS_KEPT = 50
"""Rows of a result that are kept for the report; the program gets all of them."""


def hold_at_every_step(database: Engine, session_of: Callable[[], Session | None]) -> None:
    """Make every step on *database* wait for its session's release.

    `session_of` gives the session of the calling thread while its program runs, else None: what
    the harness itself sends (the first connect, for one) is not held.
    """
    _tell_of_every_step(database, session_of, Session.hold)

    @event.listens_for(database, "reset")
    def reset(dbapi: DBAPIConnection, _entry: ConnectionPoolEntry, state: PoolResetState) -> None:
        # A connection that comes back to its pool amid a transaction is rolled back there.
        session = session_of()
        if session is not None and session.in_transaction and not state.transaction_was_reset:
            session.hold(Step(StepKind.ROLLBACK, "rollback"))
            dbapi.rollback()

    _note_every_answer(database, session_of)
    _note_every_error(database, session_of)


def count_every_commit(database: Engine, session_of: Callable[[], Session | None]) -> None:
    """Hold nothing on *database*, but know how many commits of its session have succeeded."""
    _tell_of_every_step(database, session_of, lambda session, step: session.commits.go_on(step))
    _note_every_error(database, session_of)


def _tell_of_every_step(
    database: Engine,
    session_of: Callable[[], Session | None],
    tell: Callable[[Session, Step], None],
) -> None:
    # With `retval`, since SQLAlchemy wraps what does not return the statement.
    @event.listens_for(database, "before_cursor_execute", retval=True)
    def before(
        connection: Connection,
        _cursor: DBAPICursor,
        statement: str,
        parameters: Any,
        _context: ExecutionContext | None,
        _many: bool,
    ) -> tuple[str, Any]:
        if (session := session_of()) is not None:
            tell(session, Step.of_statement(statement, parameters, _own_level(connection)))
        return statement, parameters

    @event.listens_for(database, "commit")
    def commit(connection: Connection) -> None:
        if (session := session_of()) is not None and _own_level(connection) != AUTOCOMMIT:
            tell(session, Step(StepKind.COMMIT, "commit"))

    @event.listens_for(database, "rollback")
    def rollback(connection: Connection) -> None:
        if (session := session_of()) is not None and _own_level(connection) != AUTOCOMMIT:
            tell(session, Step(StepKind.ROLLBACK, "rollback"))


def _own_level(connection: Connection) -> str | None:
    """The isolation level that was chosen for a connection beside its engine's, in autocommit too.

    What is committed or rolled back in autocommit is nothing, so that it is no step.
    """
    level = connection.get_execution_options().get("isolation_level")
    return None if level is None else str(level).replace("_", " ").upper()


def watch_loans(database: Engine, session: Session) -> None:
    """See that a program which opens connections by itself has one at a time, on its own thread."""

    def see_thread() -> None:
        if threading.current_thread() is not session.thread:
            session.misbehave("the program asks on another thread, which cannot be held")

    @event.listens_for(database, "checkout")
    def taken(
        dbapi: DBAPIConnection, _entry: ConnectionPoolEntry, proxy: PoolProxiedConnection
    ) -> None:
        see_thread()
        if session.loan is not None:
            session.loan.take(dbapi, proxy)

    @event.listens_for(database, "checkin")
    def returned(_dbapi: DBAPIConnection | None, _entry: ConnectionPoolEntry) -> None:
        if session.loan is not None:
            session.loan.give_back()

    @event.listens_for(database, "before_cursor_execute", retval=True)
    def asked(
        _connection: Connection,
        _cursor: DBAPICursor,
        statement: str,
        parameters: Any,
        _context: ExecutionContext | None,
        _many: bool,
    ) -> tuple[str, Any]:
        see_thread()
        return statement, parameters


def _note_every_answer(database: Engine, session_of: Callable[[], Session | None]) -> None:
    @event.listens_for(database, "after_cursor_execute")
    def after(
        _connection: Connection,
        cursor: DBAPICursor,
        _statement: str,
        _parameters: Any,
        context: ExecutionContext | None,
        _many: bool,
    ) -> None:
        if (session := session_of()) is not None:
            session.note(_effect_of(cursor, context))


def _note_every_error(database: Engine, session_of: Callable[[], Session | None]) -> None:
    @event.listens_for(database, "handle_error")
    def failed(context: ExceptionContext) -> None:
        if (session := session_of()) is not None:
            error = context.original_exception
            session.note(Effect(error=step_error(session.kind, error)))


def _effect_of(cursor: Any, context: ExecutionContext | None) -> Effect:
    """Look at a result without taking it away from the program."""
    description = cursor.description  # which a driver may build anew each time
    if description is None:
        return Effect(rowcount=cursor.rowcount)
    columns = tuple([str(column[0]) for column in description])
    if context is not None and getattr(context, "_is_server_side", False):
        return Effect(columns=columns)  # rows that are still at the server must not be fetched here
    rows = tuple(map(tuple, cursor.fetchmany(ROWS_KEPT)))
    if rows:
        cursor.scroll(0, mode="absolute")  # PEP 249's optional extension; both drivers have it
    return Effect(rowcount=cursor.rowcount, columns=columns, rows=rows)


class ConnectionRule:
    """While in force, a program that takes another connection is told so and ends.

    A second connection would run unheld beside the explored one. The rule covers every pool of the
    process, whatever engine the program made or kept, and every thread but the harness's own and
    the one that made the rule: what a program has other threads do is not held either. Who takes a
    connection there is told so as well, and `broken` says it: it cannot be known whose work it was.
    """

    def __init__(self) -> None:
        self.broken: str | None = None
        """What was taken on a thread that is nobody's, if anything was."""
        self._maker = threading.get_ident()
        event.listen(Pool, "checkout", self._taken)

    def lift(self) -> None:
        """End it."""
        event.remove(Pool, "checkout", self._taken)

    def _taken(
        self, dbapi: DBAPIConnection, _entry: ConnectionPoolEntry, proxy: PoolProxiedConnection
    ) -> None:
        session = session_of_this_thread()
        if session is not None:
            if not (session.loan and session.loan.take(dbapi, proxy)):
                session.misbehave("the program took a second connection, which cannot be held")
        elif not is_own_thread() and threading.get_ident() != self._maker:
            name = threading.current_thread().name
            self.broken = f"a connection was taken on another thread ({name}), which cannot be held"
            raise ProgramMisbehaved(self.broken)
