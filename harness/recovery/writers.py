"""Writers: one thread and one connection each, transaction after transaction until the server dies.

Each writes down in the ledger how every transaction ended, as its program was told:

- the program returned: the server acknowledged its commit;
- the server refused, the program gave up, or the connection broke before a commit was sent: it must
  not be there;
- a commit was sent, and nobody said how it ended: indeterminate.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, NullPool, create_engine, event
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError

from harness.checks.durability import Promise, Ticket
from harness.clock import Deadline, now_s, pause
from harness.engines.engine import Engine
from harness.errors import HarnessError, ProgramMisbehaved
from harness.faults.trigger import KilledBeforeCommit, Trigger
from harness.outcome import Committed, Indeterminate, Outcome, RolledBack
from harness.recovery.ledger import Ledger
from harness.recovery.load import Load, Transaction
from harness.sessions.session import first_line

_JOIN_S = 30.0


class Writer:
    """One thread that runs transactions on one connection until the server is gone."""

    def __init__(
        self,
        name: str,
        load: Load,
        transaction: Transaction,
        kind: Engine,
        ledger: Ledger,
        trigger: Trigger,
        number: int,
        rest_s: float = 0.0,
    ) -> None:
        self.name = name
        self.number = number
        """Of the last transaction."""
        self.broke_at_s: float | None = None
        """When it noticed that the server is gone."""
        self.problem: HarnessError | None = None
        """Why it ended otherwise."""
        self.in_statement = threading.Event()
        """Set while a statement is with the server."""
        self._load = load
        self._transaction = transaction
        self._kind = kind
        self._ledger = ledger
        self._trigger = trigger
        self._rest_s = rest_s
        self._asked = False
        self._under_way: Ticket | None = None
        self._lock = threading.Lock()

    def run(self, database: Database, stop: threading.Event) -> None:
        """Write until the server is gone or somebody says stop. The body of a thread."""
        try:
            with database.connect() as connection:
                self.listen(connection)
                while not stop.is_set() and self.broke_at_s is None:
                    self.write_one(connection)
                    if self._rest_s:
                        pause(self._rest_s)
        except DBAPIError:
            self._broke()
        except HarnessError as error:
            self.problem = error
        except Exception as error:  # noqa: BLE001 - whatever a load raises is its fault, and is told
            self.give_up(f"the load raised {type(error).__name__}")
            said = f"load '{self._load.name}': raised {type(error).__name__}: {error}"
            self.problem = ProgramMisbehaved(said)

    def listen(self, connection: Connection) -> None:
        """Be told of the connection's commits and statements."""
        event.listen(connection, "commit", self._commit_asked)
        event.listen(connection, "before_cursor_execute", self._statement_begins)
        event.listen(connection, "after_cursor_execute", self._statement_ends)

    def write_one(self, connection: Connection) -> Outcome:
        """Run one transaction and write down how it ended.

        Raises:
            ProgramMisbehaved: it ended in a way that no server's death explains.
        """
        self.number += 1
        ticket = Ticket(self.name, self.number)
        self._asked, self._under_way = False, ticket
        outcome = self._attempt(connection, ticket)
        self._settle(outcome)
        if isinstance(outcome, Committed):
            self._trigger.commit_acknowledged()
        else:
            self._trigger.commit_refused()
        return outcome

    def give_up(self, reason: str) -> None:
        """Write down what hangs: nobody is going to say how it ended."""
        self._settle(Indeterminate(reason) if self._asked else RolledBack())

    def _settle(self, outcome: Outcome) -> None:
        with self._lock:
            ticket, self._under_way = self._under_way, None
            if ticket is not None:
                self._ledger.record(Promise(ticket, outcome))

    def _attempt(self, connection: Connection, ticket: Ticket) -> Outcome:
        try:
            self._transaction(connection, ticket)
        except KilledBeforeCommit:
            self.broke_at_s = now_s()
            return RolledBack()
        except self._load.refusals:
            return RolledBack()
        except DBAPIError as error:
            return self._failed(connection, error)
        if not self._asked:
            raise ProgramMisbehaved(
                f"load '{self._load.name}': transaction {ticket} returned without a commit",
                "each transaction of a load commits once, at its end",
            )
        return Committed()

    def _failed(self, connection: Connection, error: DBAPIError) -> Outcome:
        refusal = self._kind.classify(error.orig) if error.orig is not None else None
        if refusal is not None:
            connection.rollback()
            return RolledBack(refusal)
        if not error.connection_invalidated and _answers(connection):
            raise ProgramMisbehaved(
                f"load '{self._load.name}': the server said: {first_line(error)}",
                "a load's programs must work as long as the server lives",
            )
        self._broke()
        return Indeterminate(first_line(error)) if self._asked else RolledBack()

    def _broke(self) -> None:
        self.broke_at_s = now_s()

    def _commit_asked(self, _connection: Connection) -> None:
        self._trigger.commit_asked()
        self._asked = True

    def _statement_begins(self, *_of_sqlalchemy: object) -> None:
        self.in_statement.set()

    def _statement_ends(self, *_of_sqlalchemy: object) -> None:
        self.in_statement.clear()


class Fleet:
    """Several writers at once; gone when the `with` block is left."""

    def __init__(
        self, kind: Engine, url: URL, load: Load, ledger: Ledger, trigger: Trigger
    ) -> None:
        self.writers: list[Writer] = []
        self._kind = kind
        self._load = load
        self._ledger = ledger
        self._trigger = trigger
        self._database = create_engine(
            url,
            poolclass=NullPool,
            connect_args={**kind.connect_arguments, **kind.recipe.patience},
        )
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._trigger.dead.set()
        if error is None:
            self.join()
        self._database.dispose()

    def start(
        self,
        name: str,
        number: int,
        transaction: Transaction | None = None,
        *,
        rest_s: float = 0.0,
    ) -> Writer:
        """Begin one writer, which rests so long between two transactions.

        `number` is that of its last transaction in an earlier round.
        """
        writer = Writer(
            name,
            self._load,
            transaction or self._load.transaction,
            self._kind,
            self._ledger,
            self._trigger,
            number,
            rest_s,
        )
        self.writers.append(writer)
        # A thread that hangs on a dead server must not keep the program from ending.
        thread = threading.Thread(
            target=writer.run, args=(self._database, self._stop), name=name, daemon=True
        )
        self._threads.append(thread)
        thread.start()
        return writer

    def stop(self) -> int:
        """End all after the transaction they are at; how many hang."""
        self._stop.set()
        return self.join()

    def join(self, limit_s: float = _JOIN_S) -> int:
        """Wait until all have noticed; how many have not, whose transactions nobody answered."""
        deadline = Deadline.after(limit_s)
        for thread in self._threads:
            thread.join(deadline.remaining_s())
        hung = 0
        for writer, thread in zip(self.writers, self._threads, strict=True):
            if thread.is_alive():
                hung += 1
                writer.give_up(f"no answer within {limit_s:g} s after the kill")
        return hung

    def problem(self) -> HarnessError | None:
        """Why a writer ended although nobody killed its server; None if none did."""
        return next((w.problem for w in self.writers if w.problem is not None), None)

    def alive(self) -> int:
        """How many are still writing."""
        return sum(thread.is_alive() for thread in self._threads)

    def numbers(self) -> Mapping[str, int]:
        """The last number of each, for the next round."""
        return {writer.name: writer.number for writer in self.writers}

    def broke_at_s(self) -> Sequence[float]:
        """When each noticed that the server is gone, the first first."""
        return sorted(w.broke_at_s for w in self.writers if w.broke_at_s is not None)


def _answers(connection: Connection) -> bool:
    """Whether the server still answers on a connection; what was under way is rolled back."""
    try:
        connection.rollback()
        connection.exec_driver_sql("SELECT 1")
        connection.rollback()
    except DBAPIError:
        return False
    return True
