"""A night that broke off is gone on with: by its ledger, and perhaps from a backup.

The ledger lies outside the server and outlives the harness. It tells how each job stood; the
restart planner says what to run again; the run then goes on in the same ledger. The database must
still be there, and so must the folder with the files that programs read and write.

From a backup: tables that cannot be trusted any more are put back to a milestone, and all jobs
behind it run again (exam 2024 autumn, afternoon II, question 1: a job is run again after its tables
were restored). That is written down before a table is touched, so a night that breaks off in the
middle of it is not gone on with as if nothing had been.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from harness.engines.engine import Engine
from harness.errors import UsageError
from harness.jobs.ledger import Entry, Event, Ledger, Watch, read_ledger
from harness.jobs.network import Network
from harness.jobs.rehearsal import NightSetting, Rehearsed, beside, left_by
from harness.jobs.runner import run_night
from harness.jobs.standing import Standing, standing_of
from harness.planning.restart import NO_LOG_MODES, Failure, Plan, plan_restart
from harness.scenario import choose


def files_folder(ledger_path: Path) -> Path:
    """Where the files of a night lie that its programs read and write."""
    return beside(ledger_path) / "files"


@contextmanager
def kept_files(ledger_path: Path, *, keep: bool) -> Iterator[Path]:
    """The folder for a night's files beside its ledger; gone afterwards unless it is kept.

    What is killed meanwhile leaves it, as it leaves the ledger.
    """
    folder = files_folder(ledger_path)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder)


def resume_plan(setting: NightSetting, entries: Sequence[Entry]) -> Plan:
    """What to redefine and to run again; tables that a backup put back are as at the milestone.

    The work tables of a rehearsed night have a log. No backup holds them, so where a job that wrote
    one runs again behind a restore it is as if they had none: redefined, and filled by all their
    writers. Once a job has begun since, that has been done.

    Raises:
        UsageError: the ledger is of another night.
    """
    network = setting.network
    moment = standing_of(network, entries)
    milestone, since = _last_restore(entries)
    begun = {entry.subject for entry in since if entry.event is Event.STARTED}
    undone = {name for name in network.job_order if milestone in network.ancestors[name]} - begun
    return plan_restart(
        network,
        moment,
        setting.night.no_log if milestone and not begun else (),
        mode=NO_LOG_MODES["memory"],
        failure=Failure.PROGRAM,
        undone=undone,
    )


def _last_restore(entries: Sequence[Entry]) -> tuple[str, Sequence[Entry]]:
    """The milestone to which tables were last put back, or '' if never, and what came since."""
    for place in reversed(range(len(entries))):
        if entries[place].event is Event.RESTORED:
            return entries[place].subject, entries[place + 1 :]
    return "", ()


def see_resumable(network: Network, path: Path, restore: str | None) -> Sequence[Entry]:
    """The entries of a ledger whose night can be gone on with.

    Raises:
        LedgerError: it cannot be read.
        UsageError: there is nothing to go on with, it is another night's, or a restore broke off.
    """
    if not path.exists():
        raise UsageError(f"--resume '{path}': there is no such file", "name a ledger: ….jsonl")
    entries = read_ledger(path)
    moment = standing_of(network, entries)
    if not entries:
        raise UsageError(f"--resume '{path}': nothing of the night had begun", "run it afresh")
    if restore is not None:
        choose("milestone", restore, dict.fromkeys(network.milestones))
        backed_up = _backed_up(network, entries)
        if restore not in backed_up:
            raise UsageError(
                f"--restore {restore}: the night has no table backup of it",
                f"it has those of {', '.join(backed_up) or 'no milestone'}",
            )
        return entries
    if broken := _broken_restore(entries):
        raise UsageError(
            f"--resume '{path}': tables were being put back to {broken}, and that did not end",
            f"do it again: --restore {broken}",
        )
    if moment.passed >= set(network.milestones):
        raise UsageError(f"--resume '{path}': that night came to its end", "run another")
    return entries


def _backed_up(network: Network, entries: Sequence[Entry]) -> list[str]:
    """The milestones whose backups are of the course that the night has now taken.

    Where tables are put back to a milestone, the copies of those behind it are of a course that was
    given up: the night runs from there again, and another time.
    """
    found: dict[str, None] = {}
    for entry in entries:
        if entry.event is Event.BACKUP:
            found[entry.subject] = None
        elif entry.event is Event.RESTORING:
            before = {entry.subject, *network.ancestors[entry.subject]}
            found = {milestone: None for milestone in found if milestone in before}
    return list(found)


def _broken_restore(entries: Sequence[Entry]) -> str:
    """The milestone of a restore that began and did not end; empty if there is none."""
    broken = ""
    for entry in entries:
        if entry.event is Event.RESTORING:
            broken = entry.subject
        elif entry.event is Event.RESTORED:
            broken = ""
    return broken


def resume(
    engine: Engine,
    url: URL,
    setting: NightSetting,
    ledger_path: Path,
    *,
    restore: str | None = None,
    watch: Watch | None = None,
) -> tuple[Plan, Rehearsed]:
    """Go on with a night to its end; what was planned, and what is left.

    Raises:
        UsageError, LedgerError: the night cannot be gone on with; nothing was changed.
        BackupError: a backup is missing or damaged; no table was changed.
        ServerError: the night is over, and its tables cannot be read.
        engine.driver_error, sqlalchemy.exc.DBAPIError: the server refused the restore or is gone.
    """
    see_resumable(setting.network, ledger_path, restore)
    folder = files_folder(ledger_path)
    if not folder.is_dir():
        raise UsageError(
            f"--resume '{ledger_path}': the folder '{folder}' with the night's files is gone",
            "nights on a given server keep it: bring it back, or run the night afresh",
        )
    prepared = setting.prepared(folder)
    backups = setting.backups(engine, url, ledger_path)
    with Ledger(ledger_path, watch) as ledger:
        if restore is not None:
            backups.newest(restore)  # missing ones are told before anything is written down
            # Before jobs are reopened: what breaks between is not gone on with as it is.
            ledger.record(Event.RESTORING, restore)
            _reopen(setting.network, ledger, restore)
            backups.restore(restore)
            ledger.record(Event.RESTORED, restore)
        plan = resume_plan(setting, ledger.entries)
        course = setting.course(setting.sessions, backups)
        run = run_night(engine, url, prepared, course, ledger, plan=plan)
    return plan, left_by(run, engine, url, setting, prepared)


def _reopen(network: Network, ledger: Ledger, milestone: str) -> None:
    """What jobs behind the milestone have done does not count any more."""
    moment = standing_of(network, ledger.entries)
    for name in network.job_order:
        behind = milestone in network.ancestors[name]
        if behind and moment.jobs[name] is not Standing.NOT_STARTED:
            ledger.record(Event.REOPENED, name)
