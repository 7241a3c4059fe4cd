"""The crash drill: kill a real server under load, again and again, and compare with the ledger."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from harness.checks.durability import Durability, judge
from harness.clock import Deadline, now_s, pause
from harness.errors import DeadlineExceeded, Ended, ProgramMisbehaved, ServerError
from harness.faults.moment import Kind, Moment
from harness.faults.trigger import Trigger
from harness.outcome import Committed
from harness.recovery.kills import Kill
from harness.recovery.ledger import Ledger
from harness.recovery.load import Load, Transaction
from harness.recovery.timing import KillableServer, Recovery, Started, start_again
from harness.recovery.writers import Fleet, Writer
from harness.servers import asking
from harness.sessions.session import first_line

_BEGIN_S = 60.0
_SAMPLE_S = 0.05
_REFUSED_MAX = 50
WRITERS = 4


@dataclass(frozen=True, slots=True)
class _Strike:
    """What was seen around one kill."""

    kill_s: float
    detection_s: float | None
    log_bytes: int | None
    log_mark: int
    """How much the server's log had said before."""
    open_statement: bool
    hung: int


@dataclass(frozen=True, slots=True)
class _Back:
    """How the server came back, if it did."""

    up: bool
    recovery: Recovery | None = None
    trouble: str = ""
    unclear: bool = False


class CrashDrill:
    """Kills one server at one moment after another; the tables and the ledger go on growing."""

    def __init__(
        self, server: KillableServer, url: URL, load: Load, *, writers: int = WRITERS
    ) -> None:
        self._server = server
        self._kind = server.engine
        self._url = url
        self._load = load
        self._writers = writers
        self._ledger = Ledger()
        self._numbers: dict[str, int] = {}
        self._statement_s: float | None = None

    def prepare(self) -> None:
        """Make the tables and their first rows."""
        with self._connected() as connection:
            self._load.metadata.create_all(connection)
            connection.commit()
            self._load.fill(connection)

    def kill_at(self, number: int, moment: Moment) -> Kill:
        """Write, kill at the moment, start again, compare, write again.

        Raises:
            HarnessError: the programs ended although the server lived, or never began.
        """
        if moment.kind is Kind.IN_STATEMENT and self._statement_s is None:
            self._statement_s = self._usual_statement()
        before = len(self._ledger)
        strike = self._strike(moment)
        back = self._come_back(strike)
        return Kill(
            number,
            moment,
            self._compare(before) if back.up else judge(self._ledger.promises(before), None),
            back.recovery,
            strike.open_statement,
            strike.hung,
            back.trouble,
            back.unclear,
        )

    def finish(self) -> Durability:
        """An orderly restart and one more commit, then the comparison of the whole ledger.

        Raises:
            ServerError: the server did not restart, or does not write.
            DeadlineExceeded: it did not end in time.
        """
        self._server.halt()
        self._server.restart()
        self._write_once("w0", self._load.transaction)
        return self._compare(0)

    def _come_back(self, strike: _Strike) -> _Back:
        """Start the server again and have it write."""
        try:
            started = start_again(self._server)
        except ServerError as error:
            # One that ends by itself has lost something; a port that is taken meanwhile, or a
            # Docker that does not answer, is the machine's affair and proves nothing.
            said = f"does not start again: {error.explain()}"
            return _Back(up=False, trouble=said, unclear=not isinstance(error, Ended))
        try:
            acknowledged_s = self._write_once("w0", self._load.transaction)
        except ServerError as error:
            return _Back(up=True, trouble=f"does not write again: {error.explain()}")
        first_commit_s = acknowledged_s - started.begun_s
        return _Back(up=True, recovery=self._recovery(strike, started, first_commit_s))

    def _strike(self, moment: Moment) -> _Strike:
        trigger = Trigger(moment)
        mark = len(self._server.log())
        with self._fleet(trigger) as fleet:
            for number in range(1, self._writers + 1):
                fleet.start(f"w{number}", self._numbers.get(f"w{number}", 0))
            log_bytes = self._wait_for(moment, fleet, trigger)
            open_statement = any(
                w.name == "bulk" and w.in_statement.is_set() for w in fleet.writers
            )
            began = now_s()
            self._server.kill()
            gone = now_s()
            trigger.dead.set()
            hung = fleet.join()
            self._numbers.update(fleet.numbers())
            if problem := fleet.problem():
                raise problem
            noticed = fleet.broke_at_s()
        last = self._ledger.last_acknowledged_s
        # What was acknowledged to one may be written down after another has seen the end.
        detection = max(0.0, noticed[0] - last) if noticed and last is not None else None
        return _Strike(gone - began, detection, log_bytes, mark, open_statement, hung)

    def _wait_for(self, moment: Moment, fleet: Fleet, trigger: Trigger) -> int | None:
        """Wait until the moment has come; the log since the last checkpoint, shortly before."""
        deadline = Deadline.after(_BEGIN_S)
        with asking.connected(self._kind, self._url) as connection:
            _wait(trigger.begun, fleet, deadline, f"load '{self._load.name}': first commit")
            sampled = self._log_bytes(connection)
            match moment.kind:
                case Kind.RANDOM:
                    pause(moment.after_s)
                    sampled = self._log_bytes(connection)
                case Kind.IN_STATEMENT:
                    number = self._numbers.get("bulk", 0)
                    writer = fleet.start("bulk", number, self._long_transaction())
                    _wait(writer.in_statement, fleet, deadline, "statement")
                    pause(moment.part * (self._statement_s or 0.0))
                    sampled = self._log_bytes(connection)  # the statement has written since
                case _:
                    while not trigger.fired.wait(_SAMPLE_S):
                        sampled = self._log_bytes(connection)
                        _see_alive(fleet, deadline, f"moment '{moment}'")
        return sampled

    def _log_bytes(self, connection: Any) -> int | None:
        rows = asking.rows_of(connection, self._kind.crash.log_since_checkpoint)
        return None if not rows or rows[0][0] is None else int(rows[0][0])

    def _recovery(self, strike: _Strike, started: Started, first_commit_s: float) -> Recovery:
        logged = self._kind.crash.read_log(self._server.log()[strike.log_mark :])
        return Recovery(
            kill_s=strike.kill_s,
            detection_s=strike.detection_s,
            refused=started.refused,
            refused_s=started.refused_s,
            start_s=started.start_s,
            replay_s=logged.replay_s,
            undo_s=logged.undo_s,
            log_resolution_s=logged.resolution_s,
            first_commit_s=first_commit_s,
            log_bytes=strike.log_bytes,
        )

    def _compare(self, before: int) -> Durability:
        """The ledger from an entry on, beside the tables."""
        earlier = {promise.ticket for promise in self._ledger.promises()[:before]}
        promises = self._ledger.promises(before)
        try:
            with self._connected() as connection:
                held = self._load.held(connection)
                broken = self._load.broken(connection)
        except DBAPIError:
            return judge(promises, None)
        self._ledger.settle(held)
        return judge(promises, {t: whole for t, whole in held.items() if t not in earlier}, broken)

    def _usual_statement(self) -> float:
        """How long the statement takes if nobody kills it."""
        start = now_s()
        return self._write_once("bulk", self._long_transaction()) - start

    def _long_transaction(self) -> Transaction:
        assert self._load.long_transaction is not None, "such a moment was not to be drawn"
        return self._load.long_transaction

    def _write_once(self, name: str, transaction: Transaction) -> float:
        """One more acknowledged transaction; when it was acknowledged.

        Raises:
            ServerError: the server does not write.
        """
        trigger = Trigger(Moment(Kind.RANDOM))
        number = self._numbers.get(name, 0)
        writer = Writer(name, self._load, transaction, self._kind, self._ledger, trigger, number)
        try:
            with self._connected() as connection:
                writer.listen(connection)
                for _ in range(_REFUSED_MAX):
                    outcome = writer.write_one(connection)
                    if isinstance(outcome, Committed):
                        return self._acknowledged()
                    if writer.broke_at_s is not None:
                        break
        except DBAPIError as error:
            raise ServerError(f"{self._kind.name}: does not write: {first_line(error)}") from error
        finally:
            self._numbers[name] = writer.number
        if writer.broke_at_s is not None:
            raise ServerError(f"{self._kind.name}: broke off a transaction after its restart")
        raise ServerError(f"{self._kind.name}: refused all of {_REFUSED_MAX} transactions")

    def _acknowledged(self) -> float:
        acknowledged_s = self._ledger.last_acknowledged_s
        assert acknowledged_s is not None, "a commit was just acknowledged"
        return acknowledged_s

    def _fleet(self, trigger: Trigger) -> Fleet:
        return Fleet(self._kind, self._url, self._load, self._ledger, trigger)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        arguments = {**self._kind.connect_arguments, **self._kind.recipe.patience}
        database = create_engine(self._url, poolclass=NullPool, connect_args=arguments)
        try:
            with database.connect() as connection:
                yield connection
        finally:
            database.dispose()


def _wait(event: threading.Event, fleet: Fleet, deadline: Deadline, what: str) -> None:
    while not event.wait(_SAMPLE_S):
        _see_alive(fleet, deadline, what)


def _see_alive(fleet: Fleet, deadline: Deadline, what: str) -> None:
    """See that the moment can still come.

    Raises:
        HarnessError: a writer ended by itself, or the moment did not come in time.
    """
    if problem := fleet.problem():
        raise problem
    if not fleet.alive():
        raise ProgramMisbehaved(f"{what}: every writer ended while the server was alive")
    if deadline.over():
        raise DeadlineExceeded(f"{what}: not within {deadline.length_s:g} s")
