"""The program drill: a program is killed, or stops for a while, and the server goes on.

The exam calls it AP障害: the program ends in the middle of its transaction, and the server rolls
back. What is shown: nothing of the open transaction stays, its locks are released, what had been
acknowledged is there, and other sessions do not notice. A program that is stopped (SIGSTOP) keeps
its locks: who waits for them gets the server's lock timeout, and when it goes on it can commit.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import URL, Connection, NullPool, create_engine, update
from sqlalchemy.exc import DBAPIError

from harness.checks.durability import Durability, Promise, Ticket, judge
from harness.checks.verdict import Verdict
from harness.clock import Deadline, now_s, pause, poll
from harness.errors import DeadlineExceeded
from harness.outcome import Committed, Indeterminate, Outcome, RolledBack
from harness.recovery.entries import ENTRIES, total
from harness.servers.client_process import ClientProcess, client_process
from harness.servers.server import Server

_MODULE = "harness.recovery.client_program"
_LOCK_LIMIT_S = 1
_RELEASE_S = 60.0
_DELAY_S = 0.5
HELD_PROGRAMS = 2
"""One is killed with its transaction open, one is stopped and goes on."""


@dataclass
class ProgramCell:
    """What came of killing and stopping programs on one server."""

    engine: str
    title: str
    version: str
    source: str
    seed: int
    kills: list[Durability] = field(default_factory=list)
    """Of programs that wrote until they were killed."""
    held: int = 0
    """Programs killed or stopped with their transaction open, and what that left looked at."""
    wrong: list[str] = field(default_factory=list)
    """What should not have been seen, in sentences."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """What was seen, in the order in which it was tried."""
    unknown: list[str] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        verdicts = [told.verdict for told in self.kills]
        verdicts += [Verdict.VIOLATED for _ in self.wrong] + [Verdict.UNKNOWN for _ in self.unknown]
        return Verdict.worst(verdicts)

    @property
    def complete(self) -> bool:
        """Whether all was tried that was to be, and nothing is unknown."""
        told = [one.verdict for one in self.kills]
        return (
            bool(told)
            and self.held == HELD_PROGRAMS
            and not self.unknown
            and Verdict.UNKNOWN not in told
        )

    @property
    def executions(self) -> int:
        """How many programs came to the end that was meant for them."""
        return len(self.kills) + self.held

    @property
    def expected(self) -> Verdict:
        """No program may take anything with it."""
        return Verdict.HOLDS

    def saw(self, what: str, seen: str, expected: str) -> None:
        """Write down what was seen, and whether it is what must be seen."""
        self.seen.append((what, seen))
        if seen != expected:
            self.wrong.append(f"{what}: {seen}, and not {expected}")


class ProgramDrill:
    """Kills and stops clients of one server, which is never touched itself."""

    def __init__(self, server: Server, url: URL, cell: ProgramCell) -> None:
        self._kind = server.engine
        self._url = url
        self._cell = cell
        arguments = {**self._kind.connect_arguments, **self._kind.recipe.patience}
        self._database = create_engine(url, poolclass=NullPool, connect_args=arguments)
        self._lot = random.Random(cell.seed)

    def prepare(self) -> None:
        """Make the tables and their first rows."""
        with self._database.connect() as connection:
            ENTRIES.metadata.create_all(connection)
            connection.commit()
            ENTRIES.fill(connection)

    def kill_while_writing(self, number: int) -> None:
        """A program writes until it is killed at random; the ledger is what it had said."""
        writer = f"w{number}"
        with self._client(writer) as client:
            client.say("write")
            promises = [_promise(writer, client.heard())]
            pause(self._lot.uniform(0.0, _DELAY_S))
            promises += [_promise(writer, line) for line in client.kill()]
        last = promises[-1].ticket.number
        promises.append(Promise(Ticket(writer, last + 1), Indeterminate("killed")))
        self._cell.kills.append(self._compare(promises))

    def kill_while_holding(self, writer: str) -> None:
        """A program is killed with its transaction open: its locks go, and its rows."""
        with self._client(writer) as client:
            self._hold(client)
            seen = self._touch(writer)
            self._cell.saw("another session, while the program lives", seen, _TIMED_OUT)
            client.kill()
            killed_s = now_s()
            try:
                for _ in poll(Deadline.after(_RELEASE_S), "release of the locks", every_s=0.01):
                    if self._touch(writer) == "goes":
                        break
            except DeadlineExceeded as error:
                self._cell.unknown.append(error.message)
                return
            waited_s = now_s() - killed_s
        self._cell.seen.append(("locks released after the kill", f"{waited_s:.3f} s"))
        self._cell.saw("rows of the open transaction", self._rows(writer, 1), "none")
        self._cell.held += 1

    def stop_while_holding(self, writer: str) -> None:
        """A program stops longer than the others wait for a lock, and goes on."""
        with self._client(writer) as client:
            self._hold(client)
            client.pause()
            seen = self._touch(writer)
            self._cell.saw("another session, while the program is stopped", seen, _TIMED_OUT)
            client.resume()
            client.say("commit")
            self._cell.saw("the program, when it goes on", client.heard(), "committed 1")
        self._cell.saw("its rows", self._rows(writer, 1), "all")
        self._cell.held += 1

    def _hold(self, client: ClientProcess) -> None:
        client.say("hold")
        client.heard()

    def _touch(self, writer: str) -> str:
        """Whether another session gets at the row that the program has changed."""
        with self._database.connect() as connection:
            for statement in self._kind.crash.lock_limit(_LOCK_LIMIT_S):
                connection.exec_driver_sql(statement)
            change = update(total).where(total.c.writer == writer).values(entries=total.c.entries)
            try:
                connection.execute(change)
            except DBAPIError as error:
                refusal = self._kind.classify(error.orig) if error.orig is not None else None
                if refusal is None:
                    raise
                return f"refused: {refusal.kind}"
            connection.rollback()
        return "goes"

    def _rows(self, writer: str, number: int) -> str:
        with self._database.connect() as connection:
            found = ENTRIES.held(connection).get(Ticket(writer, number))
        return {None: "none", True: "all", False: "some"}[found]

    def _compare(self, promises: Sequence[Promise]) -> Durability:
        (writer,) = {promise.ticket.writer for promise in promises}
        with self._database.connect() as connection:
            held = self._settled(connection, writer)
            return judge(promises, held, ENTRIES.broken(connection))

    def _settled(self, connection: Connection, writer: str) -> dict[Ticket, bool]:
        """What is there once the server has noticed: its row can be had again then."""
        for _ in poll(Deadline.after(_RELEASE_S), "release of the locks", every_s=0.01):
            if self._touch(writer) == "goes":
                break
        found = ENTRIES.held(connection)
        return {ticket: whole for ticket, whole in found.items() if ticket.writer == writer}

    @contextmanager
    def _client(self, writer: str) -> Iterator[ClientProcess]:
        asked = {
            "engine": self._kind.name,
            "url": self._url.render_as_string(hide_password=False),
            "writer": writer,
            "number": 0,
        }
        with client_process(_MODULE) as client:
            client.say(json.dumps(asked))
            client.heard()
            yield client

    def close(self) -> None:
        """Give the connections back."""
        self._database.dispose()


_TIMED_OUT = "refused: lock-timeout"


def _promise(writer: str, line: str) -> Promise:
    """What a program's line says of a transaction.

    >>> _promise("w1", "committed 7").outcome
    Committed()
    """
    word, number = line.split()[:2]
    outcome: Outcome = Committed() if word == "committed" else RolledBack()
    return Promise(Ticket(writer, int(number)), outcome)
