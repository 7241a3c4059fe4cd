"""Explore one cell: run every possible execution of a variant's programs and judge each.

A *cell* is scenario × variant × engine × isolation level. Its verdict is the worst of its
executions', and unknown as long as one possible execution has not been run to its end.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.engines.engine import Isolation
from harness.interleave.cell import Cell, Target
from harness.interleave.explained import explained
from harness.interleave.exploration import Exploration
from harness.interleave.schedule import Schedule
from harness.interleave.search import Bounds, bounds_for
from harness.interleave.workers import Channel, Workers
from harness.scenario import Scenario, Variant


def explore(
    target: Target,
    scenario: Scenario,
    variant: Variant,
    isolation: Isolation,
    *,
    schedule: Schedule | None = None,
    bounds: Bounds | None = None,
    watch: Callable[[Cell, float], None] | None = None,
    workers: Workers | None = None,
) -> Cell:
    """Run every possible interleaving of a variant's programs, or one recorded schedule.

    `workers` were made by `workers_for` with the same scenario. They share a search that leaves
    nothing out, as far as the target has further databases for them.

    Raises:
        ScheduleDiverged: the recorded schedule does not fit.
        HarnessError: a worker ended in the middle of its work.
    """
    bounds = bounds_for(scenario, bounds or Bounds())
    exploration = Exploration(target, scenario, variant, isolation, bounds, watch)
    if workers and target.further and bounds.can_be_shared() and schedule is None:
        exploration.share_with(workers)
    return explained(exploration.run(schedule), exploration.stage.fixture, target.engine)


def workers_for(scenario: Scenario, number: int) -> Workers:
    """So many workers in all, this process among them, for cells of one scenario.

    Only this one, if it runs other threads already.
    """

    def work(channel: Channel) -> None:
        while (given := channel.next_assignment()) is not None:
            variant = scenario.variants[given.variant]
            Exploration(
                given.target(), scenario, variant, given.isolation, given.bounds, None
            ).help_with(channel)
            channel.over()

    return Workers(number - 1, work)
