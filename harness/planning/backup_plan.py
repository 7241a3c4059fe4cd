"""Which tables to back up at which milestone: each change once, at the end of the window it was in.

Exam 2024 autumn, afternoon II, question 1, table 5. At the first milestone: what the day has
written. At each later one: what the jobs of the window before have written. Work tables never.
So the tables that a window changed are restored from the milestone before it, and its jobs can run
again; and nothing is backed up that has not changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.jobs.network import Network


def backup_plan(
    network: Network, written_online: Collection[str], no_log: Collection[str]
) -> Mapping[str, frozenset[str]]:
    """By milestone, the tables to back up there."""
    first, *others = network.milestones
    found = {first: frozenset(written_online) - set(no_log)}
    for window, milestone in enumerate(others, start=1):
        written = (network.jobs[name].writes for name in network.jobs_in(window))
        found[milestone] = frozenset[str]().union(*written) - set(no_log)
    return found
