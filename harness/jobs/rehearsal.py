"""A whole night on one database: load the evening's data, run, and see what the tables hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.errors import ServerError
from harness.jobs.backup import Backups, night_backup_plan
from harness.jobs.course import Action, Course, NightRun
from harness.jobs.digests import night_digests
from harness.jobs.ledger import Ledger, Watch
from harness.jobs.network import Network
from harness.jobs.night import Night, Prepared
from harness.jobs.runner import run_night
from harness.loading.digest import Digest
from harness.loading.loader import load
from harness.sessions.session import first_line


@dataclass(frozen=True)
class NightSetting:
    """Which night, on which data, run how."""

    night: Night
    network: Network
    scale: float
    seed: int
    business_date: date
    actions: Mapping[str, Action]
    sessions: int
    isolation: Isolation

    def prepared(self, folder: Path) -> Prepared:
        """The night's data and programs; raises as `Night.prepared` does."""
        return self.night.prepared(self.scale, self.seed, self.business_date, folder)

    def backups(self, engine: Engine, url: URL, ledger_path: Path) -> Backups:
        """Where copies of tables go: into a folder beside the ledger, named as it is."""
        plan = night_backup_plan(self.night, self.network)
        folder = beside(ledger_path) / "backups"
        return Backups(engine, url, self.night.metadata, plan, folder)

    def course(self, sessions: int, backups: Backups | None = None) -> Course:
        """The night with so many jobs at once."""
        return Course(
            self.network,
            self.actions,
            redefine=self.night.no_log,
            sessions=sessions,
            isolation=self.isolation,
            backups=backups,
        )


def beside(ledger_path: Path) -> Path:
    """The folder for what belongs to a ledger."""
    return ledger_path.with_suffix("")


@dataclass(frozen=True)
class Rehearsed:
    """One night that was run, and what it left."""

    run: NightRun
    tables: Mapping[str, Digest]
    """Empty if the server could not be asked any more."""
    files: Mapping[str, str]
    """The SHA-256 of each file that programs have written."""


@dataclass
class NightResult:
    """A night on one engine: with jobs at once, and perhaps once more in sequence."""

    engine: Engine
    version: str
    source: str
    setting: NightSetting
    at_once: Rehearsed
    in_sequence: Rehearsed | None = None
    planned: int = 1
    """How many runs were asked for, 1 or 2."""
    elapsed_s: float = 0.0
    differing: list[str] = field(default_factory=list)
    """Tables and files that are not the same in the two runs."""

    @property
    def title(self) -> str:
        """'MySQL 9.7.4'."""
        return f"{self.engine.title} {self.version}"

    @property
    def rehearsals(self) -> list[Rehearsed]:
        """The one or two runs."""
        return [run for run in (self.at_once, self.in_sequence) if run is not None]

    @property
    def verdict(self) -> Verdict:
        """Violated if a job failed or the two runs differ; unknown if a night was cut off."""
        verdicts = [rehearsed.run.verdict for rehearsed in self.rehearsals]
        differ = [Verdict.VIOLATED] if self.differing else []
        return Verdict.worst([*verdicts, *differ, *([] if self.complete else [Verdict.UNKNOWN])])

    @property
    def complete(self) -> bool:
        """Whether all runs that were asked for came to their end."""
        runs = self.rehearsals
        return len(runs) >= self.planned and all(one.run.finished for one in runs)


def rehearse(
    engine: Engine,
    url: URL,
    setting: NightSetting,
    folder: Path,
    ledger_path: Path,
    *,
    sessions: int,
    watch: Watch | None = None,
) -> Rehearsed:
    """Run a whole night in an empty database; its ledger goes into `ledger_path`.

    Raises:
        UsageError: the scale, the seed or the date is out of bounds.
        ServerError: the data cannot be loaded.
    """
    prepared = setting.prepared(folder)
    load(engine, url, prepared.dataset, lambda _blocks, _rows: None)
    with Ledger(ledger_path, watch) as ledger:
        course = setting.course(sessions, setting.backups(engine, url, ledger_path))
        run = run_night(engine, url, prepared, course, ledger)
    return left_by(run, engine, url, setting, prepared)


def left_by(
    run: NightRun, engine: Engine, url: URL, setting: NightSetting, prepared: Prepared
) -> Rehearsed:
    """A run with what it has left in tables and files.

    Raises:
        ServerError: the night is over, and its tables cannot be read.
    """
    try:
        tables = night_digests(engine, url, setting.night.metadata)
    except (DBAPIError, engine.driver_error) as error:
        if run.finished:
            raise ServerError(
                f"{engine.name}: the night is over, and its tables cannot be read: "
                f"{first_line(error)}"
            ) from error
        tables = {}
    files = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in prepared.written_files().items()
    }
    return Rehearsed(run, tables, files)


def differences(one: Rehearsed, other: Rehearsed) -> list[str]:
    """The tables and files that two finished nights left otherwise; none if one was cut off."""
    if not (one.run.finished and other.run.finished):
        return []
    tables = {name for name in {*one.tables, *other.tables} if _differs(one, other, name)}
    files = {n for n in {*one.files, *other.files} if one.files.get(n) != other.files.get(n)}
    return [*sorted(tables), *sorted(files)]


def _differs(one: Rehearsed, other: Rehearsed, table: str) -> bool:
    return one.tables.get(table) != other.tables.get(table)
