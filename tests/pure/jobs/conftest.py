"""Small nights, for tests that need no exam."""

from __future__ import annotations

import pytest

from harness.jobs.job import Job
from harness.jobs.network import Placement, build

MILESTONES = ("T1", "T2", "T3")


@pytest.fixture
def make():
    """A network of jobs given as name=(window, *after)."""

    def network(**jobs):
        placement = Placement("made", "for a test", {name: said[0] for name, said in jobs.items()})
        return build(
            [Job(name, name, frozenset(said[1:])) for name, said in jobs.items()],
            MILESTONES,
            placement,
        )

    return network
