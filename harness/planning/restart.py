"""The restart planner: after a crash, which tables to redefine and which jobs to run again.

Exam 2024 autumn, afternoon II, question 1: RDBMS specification 4 to 6, and "RDBMS再開始後の運用".
The server repairs tables with a log by itself: commits are rolled forward, the rest is rolled back.
A table without log has nothing to be repaired from. It is *intact* if nobody was writing it and a
checkpoint has put its last commit on the disk; otherwise it is *lost*, has to be redefined (there
is no backup of a work table), and every job that wrote it runs again, after what that job itself
reads. A lost table that nobody will touch any more stays as it is.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from harness.jobs.job import Rerun
from harness.jobs.network import Network
from harness.jobs.standing import NightStanding, Standing


class Failure(enum.Enum):
    """What broke."""

    SERVER = "server failure"
    """The server died and was started again (サーバ障害)."""
    PROGRAM = "program failure"
    """A program died and the server rolled it back (AP障害). Of the moment that is planned from,
    the jobs that *started* are those that died."""


@dataclass(frozen=True, slots=True)
class NoLogMode:
    """What becomes of a table without log."""

    name: str
    sentence: str
    checkpoint_saves: bool
    """What a checkpoint put on the disk is there after a crash."""
    rollback_breaks: bool
    """After a rollback the table cannot be used, or keeps what was not committed."""


NO_LOG_MODES: Mapping[str, NoLogMode] = {
    mode.name: mode
    for mode in (
        NoLogMode(
            "exam",
            "as the exam says: a checkpoint saves what was committed, a rollback makes it unusable",
            checkpoint_saves=True,
            rollback_breaks=True,
        ),
        NoLogMode(
            "unlogged",
            "every crash empties it, whatever was checkpointed; a rollback works",
            checkpoint_saves=False,
            rollback_breaks=False,
        ),
        NoLogMode(
            "memory",
            "every crash empties it, and a rollback leaves in it what was written",
            checkpoint_saves=False,
            rollback_breaks=True,
        ),
    )
}
EXAM_MODE = NO_LOG_MODES["exam"]


class Rule(enum.Enum):
    """The planner's rules. A drill takes one away to see that the check notices."""

    UNFINISHED_RUNS_AGAIN = "a job that began and did not end runs again"
    UNFINISHED_BREAKS = "a table without log is lost if a job was writing it"
    UNSAVED_IS_LOST = "a table without log is lost if no checkpoint followed its last commit"
    LOST_IS_REDEFINED = "a lost table is redefined"
    ALL_WRITERS = "all jobs that wrote a redefined table run again"
    INPUTS_TOO = "what a job that runs again reads is made again as well, if it is lost"


ALL_RULES = frozenset(Rule)

_AFTER_EMPTYING: Mapping[Rule, str] = {
    Rule.UNFINISHED_BREAKS: "a crash empties the table, and who was writing it runs again",
    Rule.LOST_IS_REDEFINED: "a crash has emptied the table already, which is all that counts",
}


def needless(rule: Rule, mode: NoLogMode, failure: Failure) -> str:
    """Why the night ends as it would with all rules where this one is missing, in a sentence.

    Empty if it may end otherwise. A rule can change the plan, and not the end: tables that every
    crash empties are what their redefinition makes of them.
    """
    emptied = failure is Failure.SERVER and not mode.checkpoint_saves
    return _AFTER_EMPTYING.get(rule, "") if emptied else ""


@dataclass(frozen=True)
class Plan:
    """What to do after the server is back, in this order: redefine, run again, go on."""

    failure: Failure
    redefine: tuple[str, ...]
    """Tables, in the order in which they are first written."""
    again: tuple[str, ...]
    """Jobs to run again, each behind what it follows."""
    resume: tuple[str, ...]
    """Jobs that had not begun, in the order of the network."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why, for each table and each job to run again."""
    unneeded: tuple[str, ...] = ()
    """Tables that are lost, and that no job will touch any more."""
    cautions: tuple[str, ...] = ()
    """Why the night may not end as it would have without the crash; empty if it will."""


def plan_restart(
    network: Network,
    moment: NightStanding,
    no_log: Collection[str] = (),
    *,
    mode: NoLogMode = EXAM_MODE,
    failure: Failure = Failure.SERVER,
    rules: Collection[Rule] = ALL_RULES,
    undone: Collection[str] = (),
) -> Plan:
    """What to redefine and what to run again.

    `no_log` names the tables without log; empty if the mode was cancelled. `undone` names jobs that
    began and of whose work nothing is left in tables with a log: these were put back from a backup.
    """
    lost = _lost(network, moment, no_log, mode, failure, rules)
    resume = [name for name in network.job_order if moment.jobs[name] is Standing.NOT_STARTED]
    reasons: dict[str, str] = {}
    if Rule.UNFINISHED_RUNS_AGAIN in rules:
        reasons |= {name: _unfinished(moment, name) for name in moment.those(Standing.STARTED)}
    redefine: dict[str, str] = {}
    # A redefined table brings its writers, and what these read may be lost in its turn.
    while touched := _touched(network, reasons, resume, rules) & (lost.keys() - redefine.keys()):
        for table in sorted(touched):
            redefine[table] = lost[table]
            if Rule.ALL_WRITERS in rules:
                reasons = {**_ended_writers(network, moment, table), **reasons}
    again = [name for name in network.job_order if name in reasons]
    not_begun = dict.fromkeys(undone, Standing.NOT_STARTED)
    left = replace(moment, jobs={**moment.jobs, **not_begun})
    return Plan(
        failure=failure,
        redefine=_by_first_writer(network, redefine) if Rule.LOST_IS_REDEFINED in rules else (),
        again=tuple(again),
        resume=tuple(resume),
        reasons={**redefine, **reasons},
        unneeded=tuple(sorted(lost.keys() - redefine.keys())),
        cautions=(
            *_doubled(network, left, again, redefine),
            *_changed_inputs(network, left, again, resume, redefine),
        ),
    )


def _lost(
    network: Network,
    moment: NightStanding,
    no_log: Collection[str],
    mode: NoLogMode,
    failure: Failure,
    rules: Collection[Rule],
) -> dict[str, str]:
    """The tables without log that are not intact, and why."""
    found: dict[str, str] = {}
    for table in no_log:
        writers = network.writers(table)
        at_work = [name for name in writers if moment.jobs[name] is Standing.STARTED]
        ended = [name for name in writers if moment.jobs[name] is Standing.ENDED]
        unsaved = [name for name in ended if name not in moment.checkpointed]
        breaks = failure is Failure.SERVER or mode.rollback_breaks
        if at_work and breaks and Rule.UNFINISHED_BREAKS in rules:
            found[table] = f"{' and '.join(at_work)} had begun to write it, and it has no log"
        elif failure is Failure.PROGRAM or Rule.UNSAVED_IS_LOST not in rules:
            continue
        elif ended and not mode.checkpoint_saves:
            found[table] = "it has no log, and a crash empties it"
        elif unsaved:
            found[table] = f"it has no log, and no checkpoint followed the commit of {unsaved[-1]}"
    return found


def _unfinished(moment: NightStanding, job: str) -> str:
    units = moment.units.get(job, 0)
    if units:
        return f"it had begun, and {units} of its commits were acknowledged"
    return "it had begun, and is rolled back unless its commit had arrived"


def _touched(
    network: Network, again: Collection[str], resume: Collection[str], rules: Collection[Rule]
) -> frozenset[str]:
    """The tables that the jobs to come need: to write them, or to read them."""
    readers = [*again, *resume] if Rule.INPUTS_TOO in rules else list(resume)
    return frozenset[str]().union(
        *(network.jobs[name].writes for name in (*again, *resume)),
        *(network.jobs[name].reads for name in readers),
    )


def _ended_writers(network: Network, moment: NightStanding, table: str) -> dict[str, str]:
    return {
        name: f"it writes {table}, which is redefined"
        for name in network.writers(table)
        if moment.jobs[name] is Standing.ENDED
    }


def _by_first_writer(network: Network, tables: Collection[str]) -> tuple[str, ...]:
    place = network.job_order.index
    return tuple(sorted(tables, key=lambda table: (place(network.writers(table)[0]), table)))


def _doubled(
    network: Network, moment: NightStanding, again: Collection[str], redefine: Collection[str]
) -> Iterator[str]:
    """Jobs whose work may be in the tables already, and that cannot stand that."""
    for name in again:
        job = network.jobs[name]
        kept = ", ".join(sorted(job.writes - set(redefine)))
        began = moment.jobs[name] is not Standing.NOT_STARTED
        if not kept or not began or job.rerun is Rerun.REPEATS:
            continue
        if moment.jobs[name] is Standing.ENDED:
            yield f"{name}: its work is still in {kept}, and it {job.rerun.value}"
        elif job.rerun is Rerun.DOUBLES:
            yield f"{name}: {job.rerun.value} in {kept}, if a commit of it had arrived"
        elif job.writes & set(redefine):
            yield (
                f"{name}: if its commit had arrived its work is in {kept}, and it "
                f"{job.rerun.value}; what is redefined then stays without it"
            )


def _changed_inputs(
    network: Network,
    moment: NightStanding,
    again: Collection[str],
    resume: Collection[str],
    redefine: Collection[str],
) -> Iterator[str]:
    """Jobs that run again and read what a job behind them has meanwhile written.

    It does no harm if all that comes of it is work that is refused: a job at work, whose one commit
    had arrived, changed what those before it read, and takes nothing of theirs a second time.
    """
    for name in again:
        behind = [other for other in network.job_order if name in network.ancestors[other]]
        lasting = _lasting(network, name, [*again, *resume], redefine)
        for table in sorted(network.jobs[name].reads - set(redefine)):
            for other in behind:
                standing = moment.jobs[other]
                once = standing is Standing.STARTED and _all_or_nothing(network, other, redefine)
                harmed = lasting - {other} if once else lasting
                if standing is Standing.NOT_STARTED or not harmed:
                    continue
                if network.disturbs(other, table, name):
                    has = "may have" if standing is Standing.STARTED else "has"
                    yield (
                        f"{name}: reads {table} as {other} {has} left it, "
                        f"and not as it was when {name} first ran"
                    )


def _all_or_nothing(network: Network, name: str, redefine: Collection[str]) -> bool:
    """Whether a job either finds nothing of its own, or is refused and does nothing."""
    job = network.jobs[name]
    return job.commit_rows is None and job.rerun is Rerun.REFUSES and not job.writes & set(redefine)


def _lasting(
    network: Network, name: str, to_come: Collection[str], redefine: Collection[str]
) -> set[str]:
    """The jobs to come through which what a job finds gets out of the redefined tables."""
    reached, new = {name}, {name}
    while new:
        tables = frozenset[str]().union(*(network.jobs[n].writes for n in new)) & set(redefine)
        new = {n for n in to_come if network.jobs[n].reads & tables} - reached
        reached |= new
    return {
        n
        for n in reached
        if not network.jobs[n].writes or not network.jobs[n].writes <= set(redefine)
    }
