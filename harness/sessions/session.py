"""A session: one thread, one connection, one program held at every step.

The conductor starts a program, is told of each hold by an *arrival*, and releases one step at a
time. Only the session's own thread ever touches its connection.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import NoReturn

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from harness.engines.engine import Engine as EngineKind
from harness.errors import ProgramMisbehaved
from harness.outcome import Refusal
from harness.programs import Program, ProgramEnd, Raised, Returned, ServerRefused, Stopped, Takes
from harness.sessions.commits import Commits
from harness.sessions.loan import Loan
from harness.sessions.own_code import line_of
from harness.sessions.own_threads import own_thread
from harness.sessions.step import Effect, Step, StepError, StepKind


class Abandoned(BaseException):
    """Unwinds a program whose execution is over. Not an Exception: programs must not catch it."""


@dataclass(frozen=True, slots=True)
class Held:
    """The session stands before a step."""

    step: Step


@dataclass(frozen=True, slots=True)
class Finished:
    """The program has ended and its transaction is over."""

    end: ProgramEnd


@dataclass(frozen=True, slots=True)
class Arrival:
    """A session came to rest; `effect` is what its last step did (None at its first hold)."""

    session: Session
    state: Held | Finished
    effect: Effect | None


Report = Callable[[Arrival], bool | None]
"""Takes a session's arrivals, on the session's thread; true if it has been released already."""

_here = threading.local()


def session_of_this_thread() -> Session | None:
    """The session whose program runs on the calling thread, if any."""
    return getattr(_here, "session", None)


class Session:
    """One connection on a thread of its own."""

    def __init__(
        self,
        name: str,
        kind: EngineKind,
        database: Engine,
        report: Report,
        *,
        attempts: int = 1,
        step_limit: int = 1_000,
    ) -> None:
        self.name = name
        self.kind = kind
        self.server_id = 0
        self.running = False
        """Whether a program was started and has not come to its end."""
        self._closing = False
        self._known: DBAPIConnection | None = None
        self._database = database
        self._report = report
        self._attempts = attempts
        self._step_limit = step_limit
        self._go: SimpleQueue[Program | str] = SimpleQueue()
        self._effect: Effect | None = None
        self._steps = 0
        self.commits = Commits()
        self._stop_after_commits: int | None = None
        self._abandoned = False
        self._keep = False
        self._transaction_over = False
        self.held = False
        """Whether its steps are held: else its programs run freely."""
        self.in_transaction = False
        """Whether statements were released that no commit and no rollback has ended."""
        self.loan: Loan | None = None
        self._misbehaved: str | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self.thread = threading.Thread(target=self._live, name=f"session-{name}", daemon=True)

    # -- what the conductor calls ------------------------------------------------------------

    def open(self) -> None:
        """Connect, and learn the server's number for this connection.

        Raises:
            sqlalchemy.exc.DBAPIError: the server did not take the connection.
        """
        self.thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def start(self, program: Program, stop_after_commits: int | None = None) -> None:
        """Let the program run to its first hold, or to its end if it asks nothing."""
        self._effect = None
        self._steps, self.commits = 0, Commits()
        self._stop_after_commits = stop_after_commits
        self._abandoned = self._transaction_over = self._keep = False
        self._misbehaved = None
        self.in_transaction = False
        self.running = True
        self._go.put(program)

    def release(self) -> None:
        """Let the held step go to the server."""
        self._go.put("release")

    def abandon(self, *, keep: bool = False) -> None:
        """End the held program without its next step; it arrives as finished.

        With `keep` its transaction is rolled back and its connection serves the next program.
        """
        self.mark_abandoned(keep=keep)
        self._go.put("abandon")

    def mark_abandoned(self, *, keep: bool = False) -> None:
        """Take no step after the one under way."""
        self._abandoned = True
        self._keep = keep

    def interrupt(self) -> None:
        """Raise `Abandoned` in a program that computes without end between two statements."""
        self.mark_abandoned()
        ident = self.thread.ident
        if ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(ident), ctypes.py_object(Abandoned)
            )

    def close(self, timeout_s: float = 0.5) -> bool:
        """End the thread and its connection. False if the thread did not end in time."""
        self._closing = True
        self._go.put("close")
        self.thread.join(timeout_s)
        return not self.thread.is_alive()

    # -- what the hold calls, on the session's thread -------------------------------------------

    def hold(self, step: Step) -> None:
        """Stand before *step* until released.

        Raises:
            Abandoned: the execution is over.
        """
        if step.kind is StepKind.ROLLBACK and (self._transaction_over or self._abandoned):
            # The server has ended the transaction with its refusal and released every lock: this
            # rollback changes nothing that another session could see, so it is not a step.
            self._transaction_over = False
            return
        if self._abandoned or self._closing:
            self._leave()
        self._steps += 1
        if self._steps > self._step_limit:
            self._give_up(f"more than {self._step_limit} steps")
        self.commits.settle()
        done, enough = self.commits.number, self._stop_after_commits
        if enough is not None and done >= enough:
            self._give_up(f"stopped after {done} commits, as asked")
        if not self._arrive(Held(step)) and self._go.get() != "release":
            self._leave()
        self._transaction_over = False
        self.commits.begin(step)
        if step.kind in (StepKind.COMMIT, StepKind.ROLLBACK):
            self.in_transaction = False
        elif not step.is_alone:
            self.in_transaction = True

    def note(self, effect: Effect) -> None:
        """Keep what the server answered until the session comes to rest."""
        self._effect = effect
        if effect.error is not None:
            self.commits.fail()
            refusal = effect.error.refusal
            self._transaction_over = refusal is not None and refusal.ends_transaction
            self.in_transaction &= not self._transaction_over

    def misbehave(self, reason: str) -> NoReturn:
        """Note that the program did what cannot be explored.

        Raises:
            ProgramMisbehaved: always.
        """
        self._misbehaved = reason
        raise ProgramMisbehaved(f"{self.name}: {reason}")

    # -- the thread

    def _give_up(self, reason: str) -> NoReturn:
        self._abandoned = True
        self._misbehaved = reason
        self._leave()

    def _leave(self) -> NoReturn:
        """Unwind the program, its transaction undone first.

        SQLAlchemy closes the connection of a program that is left like this, and a server may take
        a moment to notice: until then its locks would meet the next execution.
        """
        self._undo()
        raise Abandoned

    def _undo(self) -> None:
        with suppress(self.kind.driver_error):
            if self._known is not None:
                self._known.rollback()

    def _arrive(self, state: Held | Finished) -> bool:
        """Say where the session stands; True if it need not wait for its release."""
        self.running = isinstance(state, Held)
        effect, self._effect = self._effect, None
        return bool(self._report(Arrival(self, state, effect)))

    def _live(self) -> None:
        with own_thread():
            self._serve()

    def _serve(self) -> None:
        try:
            self._connect()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that called open()
            self._failure = error
            self._ready.set()
            return
        self._ready.set()
        while not self._closing:
            try:
                order = self._go.get()
                if isinstance(order, Program):
                    self._arrive_finished(order)
            except Abandoned:  # an interrupt that came after the program had ended
                continue
        self._database.dispose()

    def _connect(self) -> None:
        with self._database.connect() as connection:
            self._learn_number(connection)

    def _learn_number(self, connection: Connection) -> None:
        """Ask for the server's number of this connection, if it is not the one of last time.

        SQLAlchemy throws a connection away when a program is left by anything but an Exception.
        """
        below = connection.connection.dbapi_connection
        if below is not self._known:
            self.server_id = int(connection.exec_driver_sql(self.kind.session_query).scalar_one())
            connection.rollback()
            self._known = below

    def _arrive_finished(self, program: Program) -> None:
        if not self.server_id:
            try:
                self._connect()
            except DBAPIError as error:
                self._arrive(Finished(Stopped(f"cannot connect: {first_line(error)}")))
                return
        end = self._run(program)
        if (isinstance(end, Stopped) or self._abandoned) and not self._keep:
            # Whatever state the connection is in, the next program gets a new one.
            self._database.dispose()
            self.server_id = 0
        self._arrive(Finished(end))

    def _run(self, program: Program) -> ProgramEnd:
        try:
            value = self._attempt(program)
        except Abandoned:
            self.commits.settle()
            return Stopped(self._misbehaved or "the execution was over", self.commits.number)
        except BaseException as error:  # noqa: BLE001 - a program may raise anything; it is its end
            self.commits.settle()
            return self._judge(program, error)
        self.commits.settle()
        if self._misbehaved is not None:
            return Stopped(self._misbehaved, self.commits.number)
        return Returned(value, self.commits.number)

    def _judge(self, program: Program, error: BaseException) -> ProgramEnd:
        if self._misbehaved is not None:
            return Stopped(self._misbehaved, self.commits.number)
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            self.mark_abandoned()
            return Stopped(f"lost its connection: {error.orig}", self.commits.number)
        refusal = refusal_of(self.kind, error)
        if refusal is not None and refusal.retryable:
            return ServerRefused(refusal, self.commits.number)
        told = type(error).__name__, first_line(error), self.commits.number
        return Raised(*told, isinstance(error, program.expected_errors), line_of(error))

    def _attempt(self, program: Program) -> object:
        if self._attempts == 1:
            return self._once(program)
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception(self._retryable),
            reraise=True,
        )
        return retrying(self._once, program)

    def _retryable(self, error: BaseException) -> bool:
        refusal = refusal_of(self.kind, error)
        return refusal is not None and refusal.retryable

    def _once(self, program: Program) -> object:
        if program.takes is not Takes.CONNECTION:
            return self._lend(program)
        with self._database.connect() as connection:
            self._learn_number(connection)
            if program.isolation is not None:
                connection.execution_options(isolation_level=program.isolation)
            with self._at_work():
                return self._to_the_end(program, connection)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        _here.session = self
        try:
            yield
        finally:
            _here.session = None

    def _lend(self, program: Program) -> object:
        """Run a program that opens connections by itself: each time it gets the known one."""
        self._connect()
        self.loan = Loan(self._known)
        try:
            with self._at_work():
                value = self.loan.run(program, self._database)
                if self.loan.is_out:
                    self.misbehave("the program left a connection open, which nobody would end")
                return value
        finally:
            if self.loan.is_out:
                self._undo()
                self.loan.call_in()
            self.loan = None

    def _to_the_end(self, program: Program, connection: Connection) -> object:
        try:
            value = program.run(connection)
            if connection.closed:
                self.misbehave("the program closed its connection")
        except BaseException:
            if not connection.closed and connection.in_transaction():
                connection.rollback()
            raise
        if connection.in_transaction():
            connection.rollback()
        return value


def refusal_of(kind: EngineKind, error: BaseException) -> Refusal | None:
    """The refusal that an exception carries, looking through SQLAlchemy's wrapping."""
    return kind.classify(error.orig if isinstance(error, DBAPIError) and error.orig else error)


def first_line(error: BaseException) -> str:
    """The first line of an exception's text: what a table has room for."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    return str(error).splitlines()[0] if str(error) else ""


def step_error(kind: EngineKind, error: BaseException) -> StepError:
    """What a step's error says, with the server's refusal if it is one."""
    return StepError(
        type(error).__name__, first_line(error), refusal_of(kind, error), kind.detail_of(error)
    )
