"""The night drill: something dies in a night; follow the planner, compare with a night in peace.

One server runs the night once without a kill. Then, for each moment, on fresh data: run the night,
kill the server at that moment, start it again, ask the planner, carry out its steps, finish the
night. The digest of every table and the files that were written must be those of the night in
peace. Online transactions run beside the night into tables of their own, with a ledger.

Where a program dies instead (AP障害), the server goes on: the job's program is ended at the moment,
its connection is closed, and the planner is told that it was a program failure.
"""

from __future__ import annotations

import dataclasses
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import URL, Connection, MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from harness.checks.durability import Durability
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine
from harness.errors import HarnessError, ServerError
from harness.faults.night_moment import NightMoment
from harness.jobs.course import Action, Course, NightRun
from harness.jobs.digests import night_digests
from harness.jobs.ledger import Entry, Event, Ledger, Watch, read_ledger
from harness.jobs.network import Network
from harness.jobs.night import Night, Prepared
from harness.jobs.runner import run_night
from harness.jobs.standing import standing_of
from harness.loading.digest import Digest
from harness.loading.loader import load
from harness.planning.restart import (
    ALL_RULES,
    NO_LOG_MODES,
    Failure,
    Plan,
    Rule,
    plan_restart,
)
from harness.recovery.dead_connections import expecting_dead_connections
from harness.recovery.online import OnlineLoad
from harness.recovery.timing import KillableServer, start_again
from harness.servers.databases import fresh_database

_LEDGER = "night.jsonl"


@dataclass(frozen=True)
class NightSetting:
    """Which night, at which size, with or without log for the work tables."""

    night: Night
    scale: float
    seed: int
    business_date: date
    placement: str | None = None
    without_log: bool = True
    checkpoints: bool = False
    """Taken at the milestones: they save no table without log on these engines, and some cannot
    complete one beside writers that never rest."""
    failure: Failure = Failure.SERVER
    """What dies."""

    def prepared(self, folder: Path) -> Prepared:
        """The night's data and programs; raises as `Night.prepared` does."""
        return self.night.prepared(self.scale, self.seed, self.business_date, folder)


@dataclass(frozen=True)
class Finished:
    """What a night left behind."""

    digests: Mapping[str, Digest]
    files: Mapping[str, bytes]
    entries: Sequence[Entry] = ()
    elapsed_s: Mapping[str, float] = field(default_factory=dict)
    """How long each job took."""

    def differences(self, other: Finished) -> list[str]:
        """What another night left otherwise, in sentences."""
        tables = sorted(self.digests.keys() | other.digests.keys())
        said = [
            f"table {name}: {_told(other.digests.get(name))}, and {_told(self.digests.get(name))} "
            "in the night in peace"
            for name in tables
            if self.digests.get(name) != other.digests.get(name)
        ]
        files = sorted(self.files.keys() | other.files.keys())
        return said + [
            f"file {name}: differs from that of the night in peace"
            for name in files
            if self.files.get(name) != other.files.get(name)
        ]


@dataclass(frozen=True)
class NightKill:
    """One kill in a night, and whether the night came to the same end."""

    number: int
    moment: NightMoment
    plan: Plan | None = None
    wrong: Sequence[str] = ()
    unknown: Sequence[str] = ()
    online: Durability | None = None
    restart_s: float | None = None

    @property
    def verdict(self) -> Verdict:
        """Violated if the end differs, or an online commit was lost; unknown if nobody knows."""
        online = [] if self.online is None else [self.online.verdict]
        return Verdict.worst([self.of_the_end, *online])

    @property
    def of_the_end(self) -> Verdict:
        """Of the night alone, which is the planner's doing; what was online is the server's."""
        if self.wrong:
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.unknown else Verdict.HOLDS

    def sentences(self) -> list[str]:
        """What is wrong, and what is unknown."""
        online = [] if self.online is None else self.online.sentences()
        told = [f"online: {said}" for said in online]
        return [*self.wrong, *told, *(f"unknown: {reason}" for reason in self.unknown)]


class ProgramDied(Exception):
    """Raised in a job's program at its moment: from here on it does nothing more."""


class _Killer:
    """Kills at its moment of a night; told of each entry by the thread that it is about."""

    def __init__(
        self,
        server: KillableServer,
        moment: NightMoment,
        elapsed_s: Mapping[str, float],
        failure: Failure,
    ) -> None:
        self._server = server
        self._failure = failure
        self._moment = moment
        self._elapsed_s = elapsed_s
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._trouble: HarnessError | None = None
        self.struck = False

    def watch(self, entry: Entry) -> None:
        """See whether an entry that is on the disk now is the moment."""
        moment = self._moment
        if moment.is_entry(entry):
            self._strike()
        begins = entry.event is Event.STARTED and entry.subject == moment.subject
        if moment.is_inside and begins and self._timer is None:
            delay_s = moment.part * self._elapsed_s.get(moment.subject, 0.0)
            self._timer = threading.Timer(delay_s, self._strike)
            self._timer.daemon = True
            self._timer.start()

    def over(self) -> bool:
        """The night came to its end: whether the server was killed in it.

        Raises:
            HarnessError: it was to be, and could not.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._trouble is not None:
            raise self._trouble
        return self.struck

    def _strike(self) -> None:
        with self._lock:
            if self.struck:
                return
            self.struck = True
            if self._failure is Failure.SERVER:
                try:
                    self._server.kill()
                except HarnessError as error:  # on a job's thread it would be the job's failure
                    self._trouble = error
                return
        raise ProgramDied(str(self._moment))


class NightDrill:
    """Nights on one server of ours, each on a fresh database."""

    def __init__(self, server: KillableServer, setting: NightSetting) -> None:
        self._server = server
        self._kind = server.engine
        self._setting = setting
        self.network: Network = setting.night.network(setting.placement)

    @property
    def no_log(self) -> frozenset[str]:
        """The tables that have no log in these nights."""
        return self._setting.night.no_log if self._setting.without_log else frozenset()

    def in_peace(self) -> Finished:
        """The night without a kill.

        Raises:
            HarnessError: it did not come to its end.
        """
        with self._place() as (url, folder):
            prepared = self._prepared(url, folder)
            run = self._run(url, prepared, folder)
            if not run.finished:
                raise ServerError(f"the night in peace did not end: {run.stopped}")
            took = {name: end.elapsed_s for name, end in run.ends.items()}
            left = self._left(url, prepared)
            return dataclasses.replace(left, entries=run.entries, elapsed_s=took)

    def kill_at(
        self,
        number: int,
        moment: NightMoment,
        peace: Finished,
        rules: Collection[Rule] = ALL_RULES,
    ) -> NightKill:
        """Run a night, kill the server at a moment, restart by the plan, compare.

        Raises:
            ServerError: the server did not come back, so that no other night can run on it.
        """
        with self._place() as (url, folder):
            prepared = self._prepared(url, folder)
            failure = self._setting.failure
            killer = _Killer(self._server, moment, peace.elapsed_s, failure)
            with expecting_dead_connections(), OnlineLoad(self._kind, url) as online:
                run = self._run(url, prepared, folder, watch=killer.watch)
                struck = killer.over()
                dead = failure is Failure.SERVER
                restart_s = start_again(self._server).start_s if dead else None
                told = online.compare()
            if not struck:
                reason = f"the moment '{moment}' did not come ({run.stopped or 'night finished'})"
                return NightKill(number, moment, unknown=[reason], online=told)
            plan = self._plan(read_ledger(folder / _LEDGER), rules)
            wrong, unknown = self._finish(url, prepared, folder, plan, peace)
            return NightKill(number, moment, plan, wrong, unknown, told, restart_s)

    def differing(self, entries: Sequence[Entry], rule: Rule) -> list[NightMoment]:
        """The moments of a recorded night at which the plan without a rule is another plan."""
        found = []
        for number, entry in enumerate(entries, start=1):
            whole = self._plan(entries[:number], ALL_RULES)
            less = self._plan(entries[:number], ALL_RULES - {rule})
            if (whole.redefine, whole.again) != (less.redefine, less.again):
                found.append(NightMoment(entry.event.value, entry.subject, entry.unit))
        return found

    def _plan(self, entries: Sequence[Entry], rules: Collection[Rule]) -> Plan:
        return plan_restart(
            self.network,
            standing_of(self.network, entries),
            self.no_log,
            mode=NO_LOG_MODES[self._kind.crash.without_log.mode],
            failure=self._setting.failure,
            rules=rules,
        )

    def _finish(
        self, url: URL, prepared: Prepared, folder: Path, plan: Plan, peace: Finished
    ) -> tuple[list[str], list[str]]:
        """Carry the plan out and compare; what is wrong and what is unknown, in sentences."""
        try:
            run = self._run(url, prepared, folder, plan=plan)
        except HarnessError as error:
            return [], [f"the plan could not be carried out: {error.explain()}"]
        if run.finished:
            return peace.differences(self._left(url, prepared)), []
        said = [f"the night did not end: {run.stopped}"]
        # A job that failed is the plan's fault; a server that went away is nobody's.
        return (said, []) if run.verdict is Verdict.VIOLATED else ([], said)

    def _prepared(self, url: URL, folder: Path) -> Prepared:
        setting = self._setting
        prepared = setting.prepared(folder)
        load(self._kind, url, prepared.dataset, lambda _blocks, _rows: None)
        if not setting.without_log:
            return prepared
        redefine = redefine_without_log(self._kind, setting.night.metadata)
        return dataclasses.replace(prepared, redefine=redefine)

    def _run(
        self,
        url: URL,
        prepared: Prepared,
        folder: Path,
        *,
        watch: Watch | None = None,
        plan: Plan | None = None,
    ) -> NightRun:
        action = Action.CHECKPOINT if self._setting.checkpoints else Action.NOTHING
        course = Course(
            self.network,
            dict.fromkeys(self.network.milestones, action),
            redefine=self._setting.night.no_log,
        )
        with Ledger(folder / _LEDGER, watch) as ledger:
            return run_night(self._kind, url, prepared, course, ledger, plan=plan)

    def _left(self, url: URL, prepared: Prepared) -> Finished:
        night = self._setting.night
        # A work table that nobody needs any more may rightly be lost.
        digests = night_digests(self._kind, url, night.metadata, without=night.no_log)
        return Finished(digests, prepared.written_files())

    @contextmanager
    def _place(self) -> Iterator[tuple[URL, Path]]:
        """A fresh database, and a folder for the record and the files of one night."""
        with (
            tempfile.TemporaryDirectory(prefix="harness-night-") as name,
            fresh_database(self._server) as url,
        ):
            yield url, Path(name)


def redefine_without_log(
    kind: Engine, metadata: MetaData
) -> Callable[[Connection, Collection[str]], None]:
    """A function that drops tables and creates them again without log, and commits."""

    def redefine(connection: Connection, tables: Collection[str]) -> None:
        for name in tables:
            table = metadata.tables[name]
            table.drop(connection, checkfirst=True)
            created = str(CreateTable(table).compile(dialect=connection.dialect))
            connection.exec_driver_sql(kind.crash.without_log.of(created))
            for index in table.indexes:
                connection.execute(CreateIndex(index))
        connection.commit()

    return redefine


def _told(digest: Digest | None) -> str:
    return "is missing" if digest is None else f"has {digest.rows} rows, digest {digest}"
