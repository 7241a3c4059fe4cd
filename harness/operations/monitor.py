"""Samples one server while work goes on: a thread and a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, event
from sqlalchemy import Engine as Database

from harness.clock import Deadline, now_s
from harness.engines.engine import Engine
from harness.engines.monitoring import FIGURES, FigureProbe, Reading
from harness.errors import ServerError, UsageError
from harness.operations.programs import Programs
from harness.operations.report import Cost, Report, Spell, State
from harness.operations.seen import Deadlock, Deadlocks, WaitRow, Waits
from harness.operations.series import Series
from harness.operations.server_log import ServerLog
from harness.servers import asking
from harness.servers.server import Mortal, Server

SOONEST_S = 0.2
"""Some servers answer from a copy that is fresh only if nobody has read it for 100 ms."""
_SLOWLY_EVERY_S = 5.0
"""Sizes on disk are asked this often at most."""
_SILENT_S = 3.0
"""Who has not answered for so long is silent: its processes may be stopped, or its machine busy."""
_PATIENCE_S = 15.0
"""How long the end waits for a reading under way; it is interrupted as soon as it is silent."""


class Monitor:
    """Watches a server from `with` to its end; a server that dies meanwhile ends nothing.

    If watching itself fails, its report says so, and from then on nothing is known of the server.

    `server` gives the log and the life of the process; None, or a given server, goes without.
    The first sample is taken on entering and the last on leaving, so even a short run has two.
    `report()` may be asked at any time, by any thread.

    Raises, on entering:
        ServerError: the server does not answer at the beginning.
        UsageError: `every_s` is below 0.2.
    """

    def __init__(
        self, engine: Engine, url: URL, server: Server | None = None, every_s: float = 1.0
    ) -> None:
        if every_s < SOONEST_S:
            raise UsageError(
                f"monitor: {every_s:g} s between two samples is too short",
                f"{SOONEST_S:g} s or more: some figures are copies that are not renewed sooner",
            )
        self._engine, self._url, self._server = engine, url, server
        self._every_s = every_s
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="harness monitor", daemon=True)
        self._probe: FigureProbe | None = None
        self._programs = Programs()
        self._series = Series()
        self._waits = Waits(self._programs)
        self._deadlocks = Deadlocks(self._programs)
        self._spells: list[Spell] = []
        self._version = server.version if server is not None else ""
        self._asked_s = self._longest_s = self._elapsed_s = 0.0
        self._samples = self._skipped = 0
        self._began_s = self._began = 0.0
        self._next_slow_s = 0.0
        self._latest: Reading | None = None
        self._asking_since_s: float | None = None

    def __enter__(self) -> Self:
        self._log = ServerLog(self._engine, self._url, self._server)
        try:
            self._probe = self._engine.monitoring.probe(self._url)
            if not self._version:
                self._version = asking.ask(self._engine, self._url, self._engine.version_query)
        except self._engine.driver_error as error:
            self._close()
            raise ServerError(
                f"monitor: the server does not answer: {asking.words(error)}"
            ) from error
        self._began_s, self._began = now_s(), time.time()
        self._sample()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        patience = Deadline.after(_PATIENCE_S)
        while self._thread.is_alive() and not patience.over():
            self._thread.join(0.1)
            if self._silence() and (probe := self._probe) is not None:
                probe.interrupt()

    def register(self, connection: int, program: str) -> None:
        """Say which program a connection, by the server's number of it, runs from now on.

        Beats the name that the connection carries itself. Any thread, before or during the run.
        """
        self._programs.register(connection, program)

    def follow(self, database: Database, program: str) -> None:
        """Register every connection that a SQLAlchemy engine makes from now on."""

        def connected(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            cursor.execute(self._engine.session_query)
            self.register(int(cursor.fetchone()[0]), program)
            cursor.close()
            connection.rollback()

        event.listen(database, "connect", connected)

    def latest(self) -> Mapping[str, float]:
        """The newest sample's values, as read: counters since whenever the server began."""
        with self._lock:
            return dict(self._latest.values) if self._latest else {}

    def waits(self) -> Sequence[WaitRow]:
        """Lock waits seen so far, by waiting program, blocking program and table."""
        with self._lock:
            return self._waits.rows()

    def deadlocks(self) -> Sequence[Deadlock]:
        """Deadlocks that the server told so far."""
        with self._lock:
            return self._deadlocks.all()

    def report(self) -> Report:
        """Everything seen so far."""
        with self._lock:
            elapsed_s = self._elapsed_s or now_s() - self._began_s
            return Report(
                engine=self._engine.name,
                version=self._version,
                every_s=self._every_s,
                figures=self._series.summaries(),
                waits=self._waits.rows(),
                deadlocks=self._deadlocks.all(),
                log=self._log.report(),
                spells=(*self._spells, *self._silence()),
                cost=Cost(self._samples, self._asked_s, self._longest_s, elapsed_s, self._skipped),
                points={
                    name: self._series.points(name)
                    for name, figure in FIGURES.items()
                    if figure.kind != "share"
                },
            )

    def _run(self) -> None:
        try:
            self._sample_on()
        except Exception as error:  # noqa: BLE001 - on a thread, where nobody else would hear of it
            words = f"the monitor itself failed: {type(error).__name__}: {asking.words(error)}"
            with self._lock:
                self._spells.append(Spell(now_s() - self._began_s, "unwatched", words))
        with self._lock:
            self._elapsed_s = now_s() - self._began_s
        self._close()

    def _sample_on(self) -> None:
        due_s = self._began_s + self._every_s
        while not self._stop.wait(max(0.0, due_s - now_s())):
            self._sample()
            due_s += self._every_s
            late = max(0, int((now_s() - due_s) / self._every_s))
            self._skipped += late
            due_s += late * self._every_s
        self._sample(last=True)

    def _sample(self, *, last: bool = False) -> None:
        """Ask everything once; what was seen is taken at one moment, so reports are whole."""
        began_s = now_s()
        reading = self._read(slowly=last or began_s >= self._next_slow_s)
        lines = self._log.read(ended=last)
        logged = self._engine.monitoring.deadlocks_in(lines)
        took_s = now_s() - began_s
        at_s = began_s - self._began_s
        with self._lock:
            if reading is not None:
                self._series.add(at_s, reading.values, reading.missing)
                self._waits.add(at_s, reading.waits, reading.programs)
                self._deadlocks.add(at_s, self._began, reading.deadlocks, reading.programs)
                self._latest = reading
            carried = reading.programs if reading else {}
            self._deadlocks.add(at_s, self._began, logged, carried)
            self._samples += 1
            self._asked_s += took_s
            self._longest_s = max(self._longest_s, took_s)

    def _read(self, *, slowly: bool) -> Reading | None:
        """One reading; None, and a spell, if the server does not answer."""
        self._asking_since_s = began_s = now_s()
        try:
            if self._probe is None:
                if self._stop.is_set():  # the end of a run is no time to wait for a connection
                    if died := self._died():  # who was silent may have been about to end
                        self._in_state("gone", died)
                    return None
                self._probe = self._engine.monitoring.probe(self._url)
            reading = self._probe.read(slowly=slowly)
        except (self._engine.driver_error, OSError) as error:
            self._close()
            died = self._died()
            self._in_state("silent" if died is None else "gone", died or asking.words(error))
            return None
        finally:
            self._asking_since_s = None
        took_s = now_s() - began_s
        if took_s > _SILENT_S:
            self._in_state("silent", f"it answered after {took_s:.1f} s", began_s)
        if slowly:
            self._next_slow_s = now_s() + _SLOWLY_EVERY_S
        self._in_state("answers")
        return reading

    def _silence(self) -> Sequence[Spell]:
        """The state of a server that lets a reading wait just now."""
        since_s = self._asking_since_s
        if since_s is None or now_s() - since_s <= _SILENT_S:
            return ()
        words = f"no answer for {now_s() - since_s:.1f} s so far"
        return (Spell(since_s - self._began_s, "silent", words),)

    def _died(self) -> str | None:
        if self._server is not None and isinstance(self._server, Mortal):
            return self._server.died()
        return None

    def _in_state(self, state: State, words: str = "", since_s: float | None = None) -> None:
        """Note a state that differs from the one before."""
        with self._lock:
            if not self._spells or self._spells[-1].state != state:
                at_s = (since_s or now_s()) - self._began_s
                self._spells.append(Spell(at_s if self._spells else 0.0, state, words))

    def _close(self) -> None:
        probe, self._probe = self._probe, None
        if probe is not None:
            try:
                probe.close()
            except (self._engine.driver_error, OSError):
                pass  # the server had closed it
