"""One recovery from a chosen distance: rows since the last checkpoint, a kill, a start, in parts.

The distance is chosen in rows, as the exam has it; how many bytes of log lie behind the last
checkpoint at the kill is asked of the server, and whether it took a checkpoint meanwhile is seen by
that figure going down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError

from harness.checks.durability import Durability, Promise, Ticket, judge
from harness.clock import Deadline, now_s, poll
from harness.engines.crash import LoggedRecovery
from harness.errors import DeadlineExceeded, Ended, NotReady, ProgramMisbehaved, ServerError
from harness.faults.moment import Kind, Moment
from harness.faults.trigger import Trigger
from harness.outcome import Committed, RolledBack
from harness.recovery.distance_rows import (
    DISTANCE,
    UNIT_ROWS,
    add_rows,
    fill_stock,
    write_mark,
)
from harness.recovery.first_client import FirstClient
from harness.recovery.kills import Recovered
from harness.recovery.ledger import Ledger
from harness.recovery.load import Transaction
from harness.recovery.timing import KillableServer, start_again
from harness.recovery.writers import Fleet, Writer
from harness.servers import asking
from harness.servers.databases import fresh_database
from harness.sessions.session import first_line

_FIRST_S = 60.0
_UNDONE_S = 600.0
_TOLD_S = 3.0
_ASK_S = 0.15  # a figure that is asked for more often may be a copy that never gets fresh
_SAMPLE_UNITS = 10
_REST_S = 0.005


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one recovery, in seconds; None where nobody said.

    What the harness does between the last process's end and the start is in none of them.
    """

    detection_s: float | None
    """From the order to kill to the first error that a program saw."""
    kill_s: float
    """From the order to kill until every process was gone."""
    refused_starts: int
    refused_starts_s: float
    connect_s: float | None
    """From the begin of the first start to the first connection."""
    first_commit_s: float
    """From the begin of the first start to the first acknowledged commit."""
    undone_s: float | None
    """From there until nothing was left to be rolled back, by the server's view; None if nothing
    is rolled back after opening, or it was not done in time."""
    logged: LoggedRecovery
    """By the server's log."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Connections refused meanwhile, by the server's or the driver's words."""


@dataclass(frozen=True)
class Point(Recovered):
    """One recovery from one distance, and whether all was right behind it."""

    rows: int
    """Committed since the checkpoint."""
    open_rows: int
    """Written since then and not committed at the kill."""
    log_bytes: int | None
    """Log since the last checkpoint, asked just before the kill."""
    checkpoints: int
    """How often that figure was seen to go down: checkpoints taken all the same."""
    durability: Durability
    parts: Parts | None
    """None if it did not come back."""
    trouble: str = ""
    """Why the server did not come back, or did not write again."""
    unclear: bool = False
    """The trouble is no proof: a deadline passed."""

    @property
    def logged_rows(self) -> int:
        """Rows in the log, whether committed or not: what is rolled forward."""
        return self.rows + self.open_rows


@dataclass
class Struck:
    """What was seen up to the end of a killed server."""

    log_mark: int
    """How much its log had said before."""
    kill_s: float = 0.0
    detection_s: float | None = None
    log_bytes: int | None = None
    log_bytes_most: int = 0
    checkpoints: int = 0

    def sample(self, log_bytes: int | None) -> None:
        """Note the log since the last checkpoint, as the server has just said."""
        if log_bytes is None:
            return
        if self.log_bytes is not None and log_bytes < self.log_bytes:
            self.checkpoints += 1
        self.log_bytes = log_bytes
        self.log_bytes_most = max(self.log_bytes_most, log_bytes)


class DistanceDrill:
    """Measures recoveries of one server, each in a fresh database and from a fresh checkpoint."""

    def __init__(self, server: KillableServer) -> None:
        self.server = server
        self.kind = server.engine
        self.ledger = Ledger()

    def measure(self, rows: int, open_rows: int) -> Point:
        """Write, kill, start again, compare. Rows are rounded up to whole units.

        Raises:
            HarnessError: the server ended before it was killed, or does not do its work.
        """
        self.ledger = Ledger()
        units, open_units = -(-rows // UNIT_ROWS), -(-open_rows // UNIT_ROWS)
        point: Point | None = None
        try:
            with fresh_database(self.server) as url, self.database(url) as database:
                self.prepare(database, url)
                struck = self._write_and_kill(database, url, units, open_units)
                point = Point(
                    units * UNIT_ROWS,
                    open_units * UNIT_ROWS,
                    struck.log_bytes,
                    struck.checkpoints,
                    Durability(),
                    None,
                )
                point = self.recover(database, url, struck, point)
        except self.kind.driver_error:
            # The database of a server that did not come back cannot be dropped.
            if point is None or not point.trouble:
                raise
        return point

    def prepare(self, database: Database, url: URL, *, stock: bool = False) -> None:
        """Make tables and their first rows, and take a checkpoint behind them."""
        with database.connect() as connection:
            DISTANCE.metadata.create_all(connection)
            connection.commit()
            DISTANCE.fill(connection)
            if stock:
                fill_stock(connection)
        asking.tell(self.kind, url, self.kind.crash.checkpoint)

    def recover(self, database: Database, url: URL, struck: Struck, point: Point) -> Point:
        """Start the killed server again, and compare its tables with the ledger."""
        try:
            parts = self._start(database, url, struck, undo=bool(point.open_rows))
        except NotReady as error:
            told = judge(self.ledger.promises(), None)
            trouble = f"not back: {error.message}"
            return replace(point, durability=told, trouble=trouble, unclear=True)
        except ServerError as error:
            told = judge(self.ledger.promises(), None)
            trouble = f"does not start and write again: {error.explain()}"
            unclear = not isinstance(
                error, Ended
            )  # a port that is taken says nothing of the server
            return replace(point, durability=told, trouble=trouble, unclear=unclear)
        return replace(point, durability=self._compare(database), parts=parts)

    def kill(self, fleet: Fleet, struck: Struck) -> None:
        """Kill the server under its writers, and see when the first of them notices."""
        if problem := fleet.problem():
            raise problem
        begun = now_s()
        self.server.kill()
        struck.kill_s = now_s() - begun
        fleet.join()
        if noticed := fleet.broke_at_s():
            struck.detection_s = max(0.0, noticed[0] - begun)

    def log_bytes(self, connection: Any) -> int | None:
        """Log since the last checkpoint, by the server."""
        rows = asking.rows_of(connection, self.kind.crash.log_since_checkpoint)
        return None if not rows or rows[0][0] is None else int(rows[0][0])

    @contextmanager
    def database(self, url: URL) -> Iterator[Database]:
        """Connections to the database under test, each made anew."""
        arguments = {**self.kind.connect_arguments, **self.kind.recipe.patience}
        database = create_engine(url, poolclass=NullPool, connect_args=arguments)
        try:
            yield database
        finally:
            database.dispose()

    def fleet(self, url: URL) -> Fleet:
        """Writers whose commits go into this drill's ledger."""
        return Fleet(self.kind, url, DISTANCE, self.ledger, Trigger(Moment(Kind.RANDOM)))

    def wait_for_commit(self, fleet: Fleet, since_s: float) -> None:
        """Wait until a commit was acknowledged after a moment: the log up to there is written."""
        for _ in poll(Deadline.after(_FIRST_S), "a commit beside the open rows"):
            if problem := fleet.problem():
                raise problem
            last = self.ledger.last_acknowledged_s
            if last is not None and last > since_s:
                return

    def _write_and_kill(self, database: Database, url: URL, units: int, open_units: int) -> Struck:
        struck = Struck(len(self.server.log()))
        with (
            asking.connected(self.kind, url) as asked,
            _doomed(database) as connection,
            _doomed(database) as holding,
        ):
            struck.sample(self.log_bytes(asked))
            writer = self._writer("unit", DISTANCE.transaction)
            writer.listen(connection)
            for unit in range(1, units + 1):
                self._write(writer, connection)
                if unit % _SAMPLE_UNITS == 0:
                    struck.sample(self.log_bytes(asked))
            self._hold(holding, open_units)
            with self.fleet(url) as fleet:
                held_s = now_s()
                fleet.start("watch", 0, write_mark, rest_s=_REST_S)
                self.wait_for_commit(fleet, held_s)
                struck.sample(self.log_bytes(asked))
                self.kill(fleet, struck)
        return struck

    def _writer(self, name: str, transaction: Transaction) -> Writer:
        trigger = Trigger(Moment(Kind.RANDOM))
        return Writer(name, DISTANCE, transaction, self.kind, self.ledger, trigger, 0)

    def _write(self, writer: Writer, connection: Connection) -> None:
        outcome = writer.write_one(connection)
        if not isinstance(outcome, Committed):
            raise ProgramMisbehaved(f"{self.kind.name}: a unit of rows was not committed")

    def _hold(self, connection: Connection, units: int) -> None:
        """Write rows that are never committed."""
        for unit in range(1, units + 1):
            ticket = Ticket("open", unit)
            add_rows(connection, ticket)
            self.ledger.record(Promise(ticket, RolledBack()))

    def _start(self, database: Database, url: URL, struck: Struck, *, undo: bool) -> Parts:
        first = self._writer("first", write_mark)

        def enter(connection: Connection) -> None:
            first.listen(connection)
            if not isinstance(first.write_one(connection), Committed):
                raise ServerError(f"{self.kind.name}: did not commit after its restart")

        with FirstClient(database, enter) as client:
            started = start_again(self.server)
        if client.problem is not None:
            raise client.problem
        if client.committed_s is None or client.connected_s is None:
            raise NotReady(f"{self.kind.name}: answers, and acknowledged no commit in time")
        undone_s = self._undone(url, client.committed_s) if undo else None
        return Parts(
            struck.detection_s,
            struck.kill_s,
            started.refused,
            started.refused_s,
            client.connected_s - started.begun_s,
            client.committed_s - started.begun_s,
            undone_s,
            self._logged(struck, undo=undone_s is not None),
            dict(client.refused),
        )

    def _undone(self, url: URL, since_s: float) -> float | None:
        """Seconds from then until nothing was left to be rolled back."""
        query = self.kind.crash.to_undo
        if query is None:
            return None
        try:
            with asking.connected(self.kind, url) as asked:
                for _ in poll(Deadline.after(_UNDONE_S), "undo", every_s=_ASK_S):
                    if int(asking.rows_of(asked, query)[0][0]) == 0:
                        return now_s() - since_s
        except self.kind.driver_error as error:
            raise ServerError(f"{self.kind.name}: ended while it rolled back: {error}") from error
        except DeadlineExceeded:  # its seconds stay unknown
            return None
        return None

    def _logged(self, struck: Struck, *, undo: bool) -> LoggedRecovery:
        """What the server's log says; it may say the last word a moment after the server's view."""
        read = self.kind.crash.read_log
        logged = read(self.server.log()[struck.log_mark :])
        deadline = Deadline.after(_TOLD_S)
        for _ in poll(deadline, "log", every_s=_ASK_S):
            if logged.after_s is not None and (logged.undo_s is not None or not undo):
                break
            if deadline.remaining_s() <= _ASK_S:
                break
            logged = read(self.server.log()[struck.log_mark :])
        return logged

    def _compare(self, database: Database) -> Durability:
        try:
            with database.connect() as connection:
                held = DISTANCE.held(connection)
        except DBAPIError as error:
            told = judge(self.ledger.promises(), None)
            return replace(told, unknown=(*told.unknown, first_line(error)))
        return judge(self.ledger.promises(), held)


@contextmanager
def _doomed(database: Database) -> Iterator[Connection]:
    """A connection whose server is going to be killed: at the end nothing is asked of it."""
    connection = database.connect()
    try:
        yield connection
    finally:
        connection.invalidate()
        connection.close()
