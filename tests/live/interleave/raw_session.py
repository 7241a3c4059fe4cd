"""Connections that are told what to do by hand, for tests of what the probes say of them.

Each has a thread of its own, so that a statement which waits does not hold up the test.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from harness.clock import Deadline, poll
from harness.engines.engine import Engine
from harness.locks import LockProbe, Wait

PATIENCE_S = 8.0

TABLES = (
    "create table account (id int primary key, balance int, holder varchar(20) unique)",
    "insert into account values (10, 100, 'ann'), (20, 100, 'bob'), (30, 100, 'cy')",
    "create table entry (no int primary key, account int, "
    "foreign key (account) references account (id))",
)


def make_accounts(database: Any) -> None:
    """The accounts 10, 20 and 30, and no entries."""
    with database.engine.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))


def change(key: int) -> str:
    return f"update account set balance = balance + 1 where id = {key}"


class RawSession:
    """One connection; each of its statements is sent and, if need be, awaited later."""

    def __init__(self, database: Any, isolation: str = "") -> None:
        self._connection = database.engine.connect()
        if isolation:
            self._connection = self._connection.execution_options(isolation_level=isolation)
        self.number = self._connection.exec_driver_sql(
            database.target.engine.session_query
        ).scalar_one()
        self._connection.rollback()
        self._thread = ThreadPoolExecutor(1)
        self.under_way: Future[Any] | None = None

    def sends(self, statement: str) -> Future[Any]:
        """Send a statement; its answer may come later."""
        self.under_way = self._thread.submit(self._run, statement)
        return self.under_way

    def runs(self, statement: str) -> Any:
        """Send a statement and await its rows, or what it raises."""
        return self.sends(statement).result(PATIENCE_S)

    def ends(self) -> Any:
        """Await the answer of the statement sent last."""
        assert self.under_way is not None
        return self.under_way.result(PATIENCE_S)

    def commits(self) -> None:
        self._thread.submit(self._connection.commit).result(PATIENCE_S)

    def rolls_back(self) -> None:
        self._thread.submit(self._connection.rollback).result(PATIENCE_S)

    def _run(self, statement: str) -> Any:
        result = self._connection.execute(text(statement))
        return result.all() if result.returns_rows else result.rowcount

    def close(self) -> None:
        self._thread.submit(self._end)
        self._thread.shutdown()

    def _end(self) -> None:
        """Give the connection up: it may hold locks that outlive a transaction."""
        self._connection.invalidate()
        self._connection.close()


class Ring:
    """Sessions T1, T2 … and a probe that knows them; and strangers, whom it does not."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.kind: Engine = database.target.engine
        self.probe: LockProbe = self.kind.probe(database.url)
        self.sessions: dict[str, RawSession] = {}
        self._strangers: list[RawSession] = []

    def __getitem__(self, name: str) -> RawSession:
        return self.sessions[name]

    def join(self, count: int, isolation: str = "") -> list[RawSession]:
        """So many sessions of ours."""
        for n in range(1, count + 1):
            self.sessions[f"T{n}"] = RawSession(self._database, isolation)
        self.probe.watch({name: session.number for name, session in self.sessions.items()})
        return [*self.sessions.values()]

    def stranger(self) -> RawSession:
        """A session that the probe does not know."""
        self._strangers.append(RawSession(self._database))
        return self._strangers[-1]

    def waits(self) -> Mapping[str, Wait]:
        """Who waits, by one look at all of ours."""
        return self.probe.waiting(list(self.sessions))

    def await_waits(self, **expected: Collection[str] | None) -> Mapping[str, Wait]:
        """Look until the probe tells these waiters, and see that it tells the right blockers.

        A look may come before the server has got so far; none may tell too much. None as blockers:
        the caller looks at them itself.
        """
        for _ in poll(Deadline.after(PATIENCE_S), f"told waiting: {expected}", 0.005):
            found = self.waits()
            assert found.keys() <= expected.keys()
            if found.keys() == expected.keys():
                break
        wanted = {name: set(known) for name, known in expected.items() if known is not None}
        assert {name: set(found[name].blockers) for name in wanted} == wanted
        return found

    def details(self, name: str) -> str:
        """What the probe tells of a wait that is there."""
        wait = self.probe.details(name)
        assert wait is not None
        assert wait.waiter == name
        assert wait.blockers
        return wait.on

    def sees_nobody_wait_while(self, session: RawSession) -> int:
        """Look again and again until a session's statement ends; how many looks there were."""
        looks = 0
        while session.under_way is not None and not session.under_way.done():
            assert not self.waits()
            looks += 1
        return looks

    def sees_nobody_wait(self) -> None:
        """Several looks, as one engine's probe does not look everywhere each time."""
        for _ in range(4):
            assert not self.waits()
        for name in self.sessions:
            assert self.probe.details(name) is None

    def close(self) -> None:
        """End all; who still waits is ended by the server."""
        for name, session in self.sessions.items():
            if session.under_way is not None and not session.under_way.done():
                self.probe.cancel(name)
        for session in (*self.sessions.values(), *self._strangers):
            session.close()
        self.probe.close()


@contextmanager
def ring(database: Any) -> Iterator[Ring]:
    """A ring on a database, ended afterwards."""
    made = Ring(database)
    try:
        yield made
    finally:
        made.close()
