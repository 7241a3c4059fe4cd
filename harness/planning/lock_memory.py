"""How many locks are held at once, and what cancelling the no-log mode adds to them.

Exam 2024 autumn, afternoon II, question 1, RDBMS specification 6 and 8: a lock takes memory for
each row or table that is locked at one time, until the commit. In no-log mode the first change of a
table locks the table as a whole, and no row; with a log, every row that is added or updated.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.engines.lock_memory import LockMemory, LockNeed
from harness.jobs.job import Job
from harness.jobs.network import Network


@dataclass(frozen=True, slots=True)
class JobLocks:
    """The most locks that one job holds at once."""

    job: str
    without_log: int
    """With its work tables in no-log mode."""
    with_log: int
    """With that mode cancelled."""


@dataclass(frozen=True, slots=True)
class WindowLocks:
    """The most locks that are held at once in a window, and by whom."""

    window: int
    without_log: int
    with_log: int
    held_by: tuple[str, ...]
    """The jobs that hold them together, with the mode cancelled."""


def job_locks(job: Job, no_log: Collection[str]) -> JobLocks:
    """One job's locks; a job that commits in between holds those of one unit."""
    unlogged = job.writes & set(no_log)
    # How many of its rows go where is not known of a job that writes both kinds of table: all
    # count as rows with a log then, which is the more careful estimate.
    rows = 0 if unlogged == job.writes else job.uncommitted_rows
    return JobLocks(job.name, len(unlogged) + rows, job.uncommitted_rows)


def window_locks(network: Network, no_log: Collection[str]) -> Sequence[WindowLocks]:
    """For each window the most that its jobs hold at once, those together that nothing orders."""
    found = []
    for window in range(1, len(network.milestones)):
        locks = [job_locks(network.jobs[name], no_log) for name in network.jobs_in(window)]
        groups = [group for group in _groups(locks) if _at_once(network, group)]
        most = max(groups, key=_with_log)
        found.append(
            WindowLocks(
                window,
                max(sum(one.without_log for one in group) for group in groups),
                _with_log(most),
                tuple(one.job for one in most if one.with_log),
            )
        )
    return found


def settings_for_rows(memory: LockMemory, rows: int) -> Mapping[str, str]:
    """Settings with which so many rows can be locked at once; empty if rows take no memory.

    Nobody knows how many rows will lie together, so each is taken to be alone: more is never asked.
    """
    return memory.enough(LockNeed(rows, rows * memory.row_bytes)) if memory.row_bytes else {}


def _groups(locks: Sequence[JobLocks]) -> list[tuple[JobLocks, ...]]:
    return [group for size in range(len(locks) + 1) for group in combinations(locks, size)]


def _at_once(network: Network, group: Sequence[JobLocks]) -> bool:
    return not any(network.ordered(a.job, b.job) for a, b in combinations(group, 2))


def _with_log(group: Sequence[JobLocks]) -> int:
    return sum(one.with_log for one in group)
