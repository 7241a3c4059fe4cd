"""How the tree is searched: whole, reduced, within a bound of preemptions, or by sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.clock import Deadline
from harness.interleave.event import Reading
from harness.interleave.execution import Execution
from harness.interleave.exhaustive import Exhaustive, Share
from harness.interleave.limits import Limits
from harness.interleave.preempting import FewPreemptions
from harness.interleave.reduced import Reduced
from harness.interleave.sampled import Method, Sampled
from harness.interleave.scheduler import Rest
from harness.interleave.stress import Stress
from harness.scenario import Scenario


class Search(Protocol):
    """A scheduler that knows what it has covered."""

    executions: int
    """Distinct executions run so far."""
    given_up: int
    """Branches that were seen once and could not be had again."""

    @property
    def complete(self) -> bool:
        """Whether every possible execution has been run, or stood for."""

    def new_execution(self) -> bool:
        """Whether there is another execution to run."""

    def next_turn(self, rest: Rest) -> str:
        """One of `rest.movable`."""

    def end_execution(self, rest: Rest) -> None:
        """The execution has come to its end."""

    def learn(self, execution: Execution, /) -> int:
        """Look at the execution that has ended; how many possible ones it newly stands for."""

    def fraction(self) -> float:
        """About how much is behind us, between 0 and 1."""

    def split(self) -> Share | None:
        """Give away a part that nobody has tried; None if there is none, or it cannot be split."""


@dataclass(frozen=True)
class Sample:
    """A sample instead of a search."""

    method: Method
    seed: int


@dataclass(frozen=True)
class Bounds:
    """What bounds an exploration."""

    limits: Limits = field(default_factory=Limits)
    executions: int = 100_000
    reduction: bool = False
    """Leave out executions that would only exchange neighbouring steps that commute."""
    budget_s: float | None = None
    """Seconds after which no new execution is begun, whoever searches."""
    deadline: Deadline | None = None
    """When the budget is over, once the search has begun."""
    preemptions: int | None = None
    """The greatest number of preemptions searched; None bounds nothing."""
    sample: Sample | None = None
    stress: Stress | None = None
    """Free-running rounds after a search that found nothing broken; None runs none."""

    def begun(self) -> Bounds:
        """The same, with the budget running from now on, unless it runs already."""
        if self.budget_s is None or self.deadline is not None:
            return self
        return replace(self, deadline=Deadline.after(self.budget_s))

    def can_be_shared(self) -> bool:
        """Whether several workers can search parts of it that have nothing in common."""
        return not (self.reduction or self.sample or self.preemptions is not None)

    def readable(self) -> str:
        """What was left out on purpose, for a verdict that is not 'holds'.

        >>> Bounds(preemptions=2, budget_s=60).readable()
        'no more than 2 preemptions, budget 60 s'
        """
        parts = []
        if self.sample is not None:
            parts.append(f"{self.sample.method} sample, seed {self.sample.seed}")
        if self.preemptions is not None:
            parts.append(f"no more than {self.preemptions} preemptions")
        if self.budget_s is not None:
            parts.append(f"budget {self.budget_s:g} s")
        return ", ".join(parts) or f"at most {self.executions} executions"


def bounds_for(scenario: Scenario, bounds: Bounds) -> Bounds:
    """The bounds as the scenario allows them.

    How many steps somebody waits for differs between executions that only exchange steps which
    commute, so where that is judged none is left out.
    """
    return replace(bounds, reduction=False) if scenario.longest_wait else bounds


def new_search(
    bounds: Bounds,
    reading: Reading,
    under_way: Callable[[], Execution],
    share: Share | None = None,
) -> Search:
    """The search that the bounds ask for, or a share of one that leaves nothing out."""
    budget = bounds.begun().deadline
    if bounds.sample is not None:
        return Sampled(bounds.sample.method, bounds.sample.seed, bounds.executions, budget)
    if bounds.preemptions is not None:
        return FewPreemptions(bounds.preemptions, bounds.executions, budget)
    if bounds.reduction:
        return Reduced(reading, under_way, bounds.executions, budget=budget)
    return Exhaustive(bounds.executions, budget=budget, share=share)
