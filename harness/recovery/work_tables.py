"""The work-table drill: what a table without log does on a rollback, a restart, a kill.

No engine here has the exam's no-log mode, so each gives its nearest means, and what that does is
seen and not quoted: the same things are done to an ordinary table beside it, whose rows must obey.

The exam's mode (RDBMS specification, 6): the first change locks the whole table until the commit;
while it is locked no checkpoint is taken; a rollback makes the table unusable, until it is
redefined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL

from harness.checks.verdict import Verdict
from harness.engines.trouble import Trouble
from harness.recovery.timing import KillableServer
from harness.servers import asking

ROWS = 1000
_OTHER = ROWS + 1
_LOCK_LIMIT_S = 1
# What a checkpoint may itself write to the log.
_OWN_BYTES = 4096
LOGGED, WITHOUT_LOG = "drill_logged", "drill_no_log"
_TABLES = (LOGGED, WITHOUT_LOG)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one table did."""

    said: str
    known: bool = True
    """False if it could not be observed: then `said` tells why."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One thing that was done to both tables, and what each did."""

    what: str
    exam: str
    """What the exam's no-log mode does; empty if it does not say."""
    logged: Seen
    without_log: Seen
    expected: str = ""
    """What a logged table must do; empty if engines may differ."""

    @property
    def logged_verdict(self) -> Verdict:
        """Whether the ordinary table did what it must."""
        if not self.logged.known:
            return Verdict.UNKNOWN
        wrong = self.expected and self.logged.said != self.expected
        return Verdict.VIOLATED if wrong else Verdict.HOLDS

    @property
    def without_log_verdict(self) -> Verdict:
        """Holds if it was seen: whatever a stand-in does is its own affair."""
        return Verdict.HOLDS if self.without_log.known else Verdict.UNKNOWN


Look = Callable[[str], Seen]


class WorkTableDrill:
    """Does the same to a table with log and to one without, on one server of ours."""

    def __init__(self, server: KillableServer, url: URL) -> None:
        self._server = server
        self._kind = server.engine
        self._crash = server.engine.crash
        self._url = url

    def observe(self) -> Iterator[Observed]:
        """All observations, one after the other; the server is killed three times.

        Raises:
            ServerError: the server did not come back.
            engine.driver_error: it refused what it must take.
        """
        yield self._each("rollback of an insert", "unusable", self._rolled_back, _kept(0))
        yield self._each("reader beside an open transaction", "", self._reader, _kept(0))
        yield self._each("writer beside an open transaction", "waits", self._writer)
        yield self._each("writer beside a table lock", "waits", self._beside_lock, "waits")
        yield self._each("checkpoint beside an open transaction", "not taken", self._checkpoint)
        yield self._each("checkpoint beside a table lock", "not taken", self._checkpoint_locked)
        yield self._each(f"log of {ROWS} rows, committed", "none", self._log_of_rows)
        yield self._after("orderly restart", _kept(ROWS), self._restarted, _kept(ROWS))
        yield self._after(
            "kill, checkpoint after the commit", _kept(ROWS), self._killed_late, _kept(ROWS)
        )
        yield self._after(
            "kill, no checkpoint after the commit", "unusable", self._killed, _kept(ROWS)
        )
        yield self._after("kill, transaction open", "unusable", self._killed_open, _kept(0))
        yield self._each("redefined after the kill", "usable", self._redefined, "usable")

    def _each(self, what: str, exam: str, look: Look, expected: str = "") -> Observed:
        """Look at one table after the other."""
        seen = {}
        for table in _TABLES:
            self._fresh(table)
            try:
                seen[table] = look(table)
            except self._kind.driver_error as error:
                seen[table] = Seen(f"could not be observed: {asking.words(error)}", known=False)
        return Observed(what, exam, seen[LOGGED], seen[WITHOUT_LOG], expected)

    def _after(self, what: str, exam: str, happen: Callable[[], None], expected: str) -> Observed:
        """Let something happen to both tables at once, then count what is left in each."""
        for table in _TABLES:
            self._fresh(table)
        happen()
        seen = {table: self._counted(table) for table in _TABLES}
        return Observed(what, exam, seen[LOGGED], seen[WITHOUT_LOG], expected)

    def _rolled_back(self, table: str) -> Seen:
        with self._transaction() as connection:
            _fill(connection, table)
        return self._counted(table)

    def _reader(self, table: str) -> Seen:
        with self._transaction() as connection:
            _fill(connection, table)
            return self._counted(table)

    def _writer(self, table: str) -> Seen:
        with self._transaction() as connection:
            _fill(connection, table)
            return self._insert_other(table)

    def _beside_lock(self, table: str) -> Seen:
        with self._locked(table):
            return self._insert_other(table)

    def _checkpoint(self, table: str) -> Seen:
        with self._transaction() as connection:
            _fill(connection, table)
            return self._take_checkpoint()

    def _checkpoint_locked(self, table: str) -> Seen:
        with self._locked(table):
            return self._take_checkpoint()

    def _log_of_rows(self, table: str) -> Seen:
        log_bytes = self._kind.measuring.log_bytes
        with asking.connected(self._kind, self._url) as connection:
            before = log_bytes(connection)
            self._commit(table)
            after = log_bytes(connection)
        told = [f"{name} {after[name] - before[name]:,} bytes" for name in before]
        return Seen(", ".join(told))

    def _restarted(self) -> None:
        self._commit(*_TABLES)
        self._server.halt()
        self._server.restart()

    def _killed_late(self) -> None:
        self._commit(*_TABLES)
        self._take_checkpoint()
        self._kill()

    def _killed(self) -> None:
        self._commit(*_TABLES)
        self._kill()

    def _killed_open(self) -> None:
        # A transaction for each: some servers let none change tables of both kinds.
        with self._transaction() as first, self._transaction() as second:
            _fill(first, LOGGED)
            _fill(second, WITHOUT_LOG)
            self._server.kill()
        self._server.restart()

    def _redefined(self, table: str) -> Seen:
        """The tables are fresh already: dropped and created again after the kill."""
        self._commit(table)
        seen = self._counted(table)
        return Seen("usable") if seen.said == _kept(ROWS) else seen

    def _kill(self) -> None:
        self._server.kill()
        self._server.restart()

    def _take_checkpoint(self) -> Seen:
        """Whether the statements return, and the log since the last checkpoint is less then."""
        with asking.connected(self._kind, self._url) as connection:
            query = self._crash.log_since_checkpoint
            before = int(asking.rows_of(connection, query)[0][0])
            asking.execute(connection, self._crash.checkpoint)
            after = int(asking.rows_of(connection, query)[0][0])
        taken = after < before or after < _OWN_BYTES
        return Seen("taken" if taken else f"not taken: {after} bytes since the last")

    def _insert_other(self, table: str) -> Seen:
        with asking.connected(self._kind, self._url) as connection:
            asking.execute(connection, self._crash.lock_limit(_LOCK_LIMIT_S))
            try:
                asking.execute(connection, [f"INSERT INTO {table} VALUES ({_OTHER}, 'other')"])
            except self._kind.driver_error as error:
                refusal = self._kind.classify(error)
                if refusal is None or refusal.kind != "lock-timeout":
                    raise
                return Seen("waits")
        return Seen("goes")

    def _counted(self, table: str) -> Seen:
        try:
            rows = int(asking.ask(self._kind, self._url, f"SELECT COUNT(*) FROM {table}"))
        except self._kind.driver_error as error:
            if self._kind.trouble_of(error) is not Trouble.REFUSED:
                raise  # nobody has said what is in the table
            return Seen(f"refused: {asking.words(error)}")
        return Seen(_kept(rows))

    def _fresh(self, table: str) -> None:
        created = f"CREATE TABLE {table} (id INT PRIMARY KEY, note VARCHAR(40) NOT NULL)"
        if table == WITHOUT_LOG:
            created = self._crash.without_log.of(created)
        asking.tell(self._kind, self._url, [f"DROP TABLE IF EXISTS {table}", created])

    def _commit(self, *tables: str) -> None:
        with asking.connected(self._kind, self._url) as connection:
            for table in tables:
                asking.execute(connection, ["BEGIN"])
                _fill(connection, table)
                asking.execute(connection, ["COMMIT"])

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """A transaction of another session, rolled back at the end unless its server is dead."""
        with asking.connected(self._kind, self._url) as connection:
            asking.execute(connection, ["BEGIN"])
            yield connection
            try:
                asking.execute(connection, ["ROLLBACK"])
            except self._kind.driver_error:
                pass  # killed meanwhile: then nobody is left to roll back

    @contextmanager
    def _locked(self, table: str) -> Iterator[None]:
        with asking.connected(self._kind, self._url) as connection:
            asking.execute(connection, ["BEGIN", self._crash.lock_table.format(table)])
            yield
            asking.execute(connection, [self._crash.unlock])


def verdicts(observed: Sequence[Observed]) -> Mapping[str, Verdict]:
    """The verdict of each of the two tables, over all observations."""
    return {
        LOGGED: Verdict.worst(one.logged_verdict for one in observed),
        WITHOUT_LOG: Verdict.worst(one.without_log_verdict for one in observed),
    }


def _fill(connection: Any, table: str) -> None:
    rows = ", ".join(f"({number}, 'row')" for number in range(1, ROWS + 1))
    asking.execute(connection, [f"INSERT INTO {table} VALUES {rows}"])


def _kept(rows: int) -> str:
    return f"{rows} of {ROWS} rows"
