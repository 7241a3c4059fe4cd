"""An operation of several steps, the server killed in one: what its own recovery makes of it.

The operation tells each step before it begins. The server is killed there, or from there on while
the step is at work, and started again; the operation's `recover`, which knows nothing of the
program that died, puts things right, or says that it can be begun again. What is in the tables then
must be what the same leaves when nobody is killed, to the digest.

Packages bring operations by an entry point in the group `harness.stepwise` that names a function
returning them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Connection, inspect
from sqlalchemy.exc import DBAPIError

from harness.checks.verdict import Verdict
from harness.clock import now_s
from harness.engines.engine import Engine
from harness.errors import DeadlineExceeded, HarnessError
from harness.loading.dataset import Generated
from harness.loading.digest import Digest
from harness.loading.loader import load, opened, read_digests
from harness.recovery.dead_connections import expecting_dead_connections
from harness.recovery.timing import KillableServer, start_again
from harness.scenario import brought_in
from harness.servers import asking
from harness.servers.databases import fresh_database

GROUP = "harness.stepwise"

Watch = Callable[[str], None]
"""Told of each step, by its name, before it begins."""

Digests = Mapping[str, Digest]


@dataclass(frozen=True)
class Way:
    """One way of doing it."""

    name: str
    steps: Sequence[str]
    run: Callable[[Engine, URL, Path, Watch], object]
    """Do it in a database, with a folder that belongs to this alone."""
    offered: Callable[[Engine], bool] = lambda _engine: True
    """Whether an engine has what it needs."""


@dataclass(frozen=True)
class Stepwise:
    """What `harness drill steps NAME` kills."""

    name: str
    title: str
    data: Callable[[int], Generated]
    """The rows it begins with, about so many. Raises ValueError if so many cannot be made."""
    ways: Sequence[Way]
    recover: Callable[[Engine, URL, Path], bool]
    """Put things right; whether the operation is done now, or can be begun again."""
    plainly: Callable[[Connection], object]
    """What does the same in a plain way: what it leaves in the tables is right."""


@dataclass(frozen=True)
class StepKill:
    """What came of one kill."""

    way: str
    step: str
    left: str
    """How the tables stood when the server was back: 'as before', 'done', or what else."""
    recovered: str
    """What `recover` said: 'done' or 'begin again'; 'failed' if it, or the second run, did."""
    back_s: float | None
    """From the begin of the first start to the first answer."""
    recover_s: float | None
    """How long recovering took, with beginning again where that was needed."""
    wrong: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether nothing was lost; unknown if the kill did not come or the server not back."""
        if self.wrong:
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.unknown else Verdict.HOLDS


class StepDrill:
    """Kills one server in the steps of one operation."""

    def __init__(self, server: KillableServer, work: Stepwise, rows: int) -> None:
        """Raises ValueError if so many rows cannot be made."""
        self._server = server
        self._engine = server.engine
        self._work = work
        self._data = work.data(rows)
        self._right: Digests = {}

    def prepare(self) -> None:
        """Do it once in the plain way, to know what is right.

        Raises:
            HarnessError: the server refused.
        """
        with fresh_database(self._server) as url:
            self._load(url)
            with opened(self._engine, url) as database, database.connect() as connection:
                self._work.plainly(connection)
            self._right = self._held(url)

    def kill_in(self, way: Way, step: str, *, amid: bool = False) -> StepKill:
        """Kill the server as a step begins, or at once while it is at work; see what is left.

        Raises:
            HarnessError, driver_error: the server was not killed, did not come back, or is gone.
        """
        kill: StepKill | None = None
        try:
            with (
                fresh_database(self._server) as url,
                TemporaryDirectory(prefix="harness-", ignore_cleanup_errors=True) as folder,
            ):
                kill = self._kill_in(url, Path(folder), way, step, amid=amid)
        except self._engine.driver_error:
            # What cannot be dropped afterwards takes nothing back that was seen.
            if kill is None:
                raise
        return kill

    def _kill_in(self, url: URL, folder: Path, way: Way, step: str, *, amid: bool) -> StepKill:
        self._load(url)
        before, schemas = self._held(url), self._schemas(url)
        trigger = _Trigger(self._server, step, amid=amid)
        try:
            with expecting_dead_connections():
                way.run(self._engine, url, folder, trigger.watch)
        except (HarnessError, DBAPIError, self._engine.driver_error) as error:
            if not trigger.pulled:
                said = f"ended before step '{step}': {asking.words(error)}"
                return StepKill(way.name, step, "-", "-", None, None, unknown=said)
        if not trigger.gone():
            said = f"step '{step}' never began, and the server was not killed"
            return StepKill(way.name, step, "-", "-", None, None, unknown=said)
        started = start_again(self._server)
        back_s = now_s() - started.begun_s if started.refused else started.start_s
        left, begun_s = self._standing(url, before), now_s()
        try:
            recovered = self._mend(url, folder, way)
            mended_s = now_s() - begun_s
            wrong = tuple(self._wrong(url, schemas))
        except DeadlineExceeded as error:
            said = f"recovery: {error.message}"
            return StepKill(way.name, step, left, "failed", back_s, None, unknown=said)
        except (HarnessError, DBAPIError, self._engine.driver_error) as error:
            # Only one that is still there refused something: of one that is gone nothing is known.
            asking.ask(self._engine, url, "SELECT 1")
            wrong = (f"recovery failed on the server that was back: {asking.words(error)}",)
            return StepKill(way.name, step, left, "failed", back_s, None, wrong)
        return StepKill(way.name, step, left, recovered, back_s, mended_s, wrong)

    def _mend(self, url: URL, folder: Path, way: Way) -> str:
        """Have the operation recover, and do it again where it says so; what it said."""
        if self._work.recover(self._engine, url, folder):
            return "done"
        way.run(self._engine, url, folder, lambda _step: None)
        return "begin again"

    def _load(self, url: URL) -> None:
        load(self._engine, url, self._data, lambda _blocks, _rows: None)

    def _held(self, url: URL) -> Digests:
        found = read_digests(self._engine, url, self._data.metadata)
        assert found is not None, "the server is of the kind that it was"
        return found[1]

    def _schemas(self, url: URL) -> set[str]:
        with opened(self._engine, url) as database:
            return set(inspect(database).get_schema_names())

    def _standing(self, url: URL, before: Digests) -> str:
        """How the tables stand, in words: which of them are neither as before nor right."""
        held = self._held(url)
        for said, rows in (("as before", before), ("done", self._right)):
            if held == rows:
                return said
        other = [name for name in held if held[name] not in {before[name], self._right[name]}]
        told = [f"{name} has {held[name].rows:,} rows" for name in other or held]
        return ", ".join(told)

    def _wrong(self, url: URL, schemas: set[str]) -> list[str]:
        held = self._held(url)
        wrong = [
            f"{name}: has {held[name].rows:,} rows with digest {held[name]}; right are "
            f"{right.rows:,} with {right}"
            for name, right in self._right.items()
            if held[name] != right
        ]
        if beside := self._schemas(url) - schemas:
            wrong.append(f"left behind: {', '.join(sorted(beside))}")
        return wrong


class _Trigger:
    """Kills the server when a step is told, once."""

    def __init__(self, server: KillableServer, step: str, *, amid: bool) -> None:
        self._server = server
        self._step = step
        self._thread = threading.Thread(target=self._kill, name="kill", daemon=True)
        self._trouble: HarnessError | None = None
        self._amid = amid
        self.pulled = False

    def watch(self, step: str) -> None:
        """Told of every step."""
        if step != self._step or self.pulled:
            return
        self.pulled = True
        self._thread.start()
        if not self._amid:
            self._thread.join()

    def gone(self) -> bool:
        """Whether the server was killed; returns when it is gone.

        Raises:
            HarnessError: it was to be, and could not.
        """
        if self.pulled:
            self._thread.join()
        if self._trouble is not None:
            raise self._trouble
        return self.pulled

    def _kill(self) -> None:
        try:
            self._server.kill()
        except HarnessError as error:  # on a thread of its own nobody would hear of it
            self._trouble = error


def operations() -> Mapping[str, Stepwise]:
    """All operations that installed packages bring, by name.

    Raises:
        HarnessError: a package's operations do not import.
    """
    return {one.name: one for brought in brought_in(GROUP) for one in brought()}
