"""How each job stands at some moment: what a crash leaves behind, as far as it is recorded."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from harness.errors import UsageError
from harness.jobs.ledger import Entry, Event
from harness.jobs.network import Network
from harness.scenario import choose


class Standing(enum.Enum):
    """How far one job has come."""

    NOT_STARTED = "not started"
    STARTED = "started"
    """It began, and nothing says that it ended: its last commit may have arrived or not."""
    ENDED = "ended"


@dataclass(frozen=True)
class NightStanding:
    """How the night stands: what the planner is told.

    `checkpointed` are the ended jobs after whose last commit a checkpoint is known to have been
    taken. A checkpoint that the server took by itself is not known, and does not count.
    """

    jobs: Mapping[str, Standing]
    checkpointed: frozenset[str] = frozenset()
    passed: frozenset[str] = frozenset()
    """Milestones that were passed."""
    units: Mapping[str, int] = field(default_factory=dict)
    """Commits that were acknowledged, of jobs that began."""

    def those(self, standing: Standing) -> list[str]:
        """The jobs that stand so."""
        return [name for name, found in self.jobs.items() if found is standing]


def crash_in(
    network: Network,
    window: int,
    *,
    checkpoints: Collection[str] = (),
    ended: Collection[str] = (),
    not_started: Collection[str] = (),
) -> NightStanding:
    """A crash in a window: jobs before it have ended, its own are at work, the rest are to come.

    `ended` and `not_started` say it otherwise for jobs of that window; `checkpoints` names the
    milestones at which a checkpoint was taken.

    Raises:
        UsageError: there is no such window, milestone or job in it; or a checkpoint would lie in
            the future; or a job is said to run before one that it follows has ended.
    """
    windows = len(network.milestones) - 1
    if not 1 <= window <= windows:
        raise UsageError(f"window {window}: the night has windows 1 to {windows}")
    passed = network.milestones[:window]
    for name in checkpoints:
        choose("milestone", name, dict.fromkeys(network.milestones))
        if name not in passed:
            raise UsageError(
                f"checkpoint at {name}: lies behind a crash in window {window}",
                f"passed before it are {', '.join(passed)}",
            )
    here = network.jobs_in(window)
    for name in (*ended, *not_started):
        choose("job", name, dict.fromkeys(network.jobs))
        if name not in here:
            raise UsageError(
                f"job '{name}': is not of window {window}", f"its jobs are {', '.join(here)}"
            )
    return _moment(network, window, frozenset(checkpoints), set(ended), set(not_started))


def _moment(
    network: Network,
    window: int,
    checkpoints: frozenset[str],
    ended: set[str],
    not_started: set[str],
) -> NightStanding:
    jobs: dict[str, Standing] = {}
    for name in network.job_order:
        placed = network.window(name)
        waits = any(jobs.get(before) is not Standing.ENDED for before in network.jobs[name].after)
        if placed > window or name in not_started:
            jobs[name] = Standing.NOT_STARTED
        elif placed < window or name in ended:
            jobs[name] = Standing.ENDED
        else:
            jobs[name] = Standing.NOT_STARTED if waits else Standing.STARTED
        if waits and jobs[name] is Standing.ENDED:
            raise UsageError(f"job '{name}': cannot have ended before what it follows")
    return NightStanding(
        jobs,
        frozenset(
            name
            for name, standing in jobs.items()
            if standing is Standing.ENDED and _behind(network, name, checkpoints)
        ),
        frozenset(network.milestones[:window]),
    )


def _behind(network: Network, job: str, checkpoints: Iterable[str]) -> bool:
    """Whether a checkpoint at one of these milestones follows a job's last commit."""
    return any(job in network.ancestors[milestone] for milestone in checkpoints)


def standing_of(network: Network, entries: Iterable[Entry]) -> NightStanding:
    """How the night stands after what a ledger tells.

    A job that failed or was reopened counts as begun: what it wrote is not to be relied on.
    Milestones behind a reopened job are still to be passed. A checkpoint counts for the jobs that
    had ended when it was complete.

    Raises:
        UsageError: the ledger names what is not in the network.
    """
    jobs = dict.fromkeys(network.job_order, Standing.NOT_STARTED)
    checkpointed: set[str] = set()
    passed: set[str] = set()
    units: dict[str, int] = {}
    for entry in entries:
        _see_known(network, entry)
        name = entry.subject
        match entry.event:
            case Event.STARTED | Event.FAILED | Event.REOPENED:
                jobs[name] = Standing.STARTED
                checkpointed.discard(name)
                passed -= {m for m in passed if name in network.ancestors[m]}
            case Event.COMMITTED:
                units[name] = units.get(name, 0) + 1
            case Event.ENDED:
                jobs[name] = Standing.ENDED
            case Event.CHECKPOINT:
                checkpointed = {n for n, standing in jobs.items() if standing is Standing.ENDED}
            case Event.PASSED:
                passed.add(name)
            case _:
                pass  # tells nothing of how far a job has come
    return NightStanding(jobs, frozenset(checkpointed), frozenset(passed), units)


_OF_MILESTONES = {
    Event.REACHED,
    Event.CHECKPOINT,
    Event.BACKUP,
    Event.RESTORING,
    Event.RESTORED,
    Event.PASSED,
}


def _see_known(network: Network, entry: Entry) -> None:
    if entry.event is Event.REDEFINED:
        return
    known = network.milestones if entry.event in _OF_MILESTONES else network.jobs
    if entry.subject not in known:
        kind = "milestone" if entry.event in _OF_MILESTONES else "job"
        raise UsageError(
            f"ledger entry {entry.no}: {kind} '{entry.subject}' is not in the network",
            "is it the ledger of another night?",
        )
