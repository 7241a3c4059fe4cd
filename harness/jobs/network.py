"""The graph of a night: jobs between milestones, and everything that can be wrong with one."""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from harness.errors import UsageError
from harness.jobs.job import Job


class NetworkError(UsageError):
    """A job network cannot be run; the message names the job."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Which job runs in which window; window 1 begins at the first milestone."""

    name: str
    sentence: str
    windows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a writer changes in a table is not what a reader looks at there.

    The CRUD matrix knows tables only; this says where that is too coarse, and why.
    """

    reader: str
    table: str
    writer: str
    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two jobs that nothing orders touch the same table, and one of them writes it."""

    first: str
    second: str
    table: str

    def __str__(self) -> str:
        return f"{self.first} and {self.second} may run at once, and meet on {self.table}"


@dataclass(frozen=True)
class Network:
    """Jobs placed between milestones: a checked graph, made by `build`.

    Nodes are the names of jobs and of milestones. A job follows the milestone that opens its window
    and its `after`; a milestone follows the one before it and all jobs of the window between.
    """

    jobs: Mapping[str, Job]
    milestones: Sequence[str]
    placement: Placement
    undisturbed: Sequence[Undisturbed] = ()

    @cached_property
    def predecessors(self) -> Mapping[str, frozenset[str]]:
        """What must be over before each node, directly."""
        found = {
            name: job.after | {self.milestones[self.window(name) - 1]}
            for name, job in self.jobs.items()
        }
        for number, milestone in enumerate(self.milestones):
            before = {self.milestones[number - 1], *self.jobs_in(number)} if number else set()
            found[milestone] = frozenset(before)
        return found

    @cached_property
    def order(self) -> Sequence[str]:
        """All nodes, each behind what it follows; equals in the order of the jobs as given."""
        rank = {name: number for number, name in enumerate((*self.milestones, *self.jobs))}
        sorter = graphlib.TopologicalSorter(self.predecessors)
        sorter.prepare()
        found: list[str] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=rank.__getitem__)
            found += ready
            sorter.done(*ready)
        return found

    @cached_property
    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """Everything that is over before each node begins."""
        found: dict[str, frozenset[str]] = {}
        for node in self.order:
            before = self.predecessors[node]
            found[node] = before.union(*(found[name] for name in before))
        return found

    @cached_property
    def job_order(self) -> Sequence[str]:
        """The jobs, each behind what it follows."""
        return [name for name in self.order if name in self.jobs]

    def window(self, job: str) -> int:
        """The window in which a job is placed, from 1."""
        return self.placement.windows[job]

    def jobs_in(self, window: int) -> list[str]:
        """The jobs of a window, in the order in which they were given."""
        return [name for name in self.jobs if self.placement.windows[name] == window]

    def writers(self, table: str) -> list[str]:
        """The jobs that write a table, in order."""
        return [name for name in self.job_order if table in self.jobs[name].writes]

    def disturbs(self, writer: str, table: str, reader: str) -> bool:
        """Whether what a job writes into a table may change what another finds there."""
        return table in self.jobs[writer].writes and not any(
            (known.reader, known.table, known.writer) == (reader, table, writer)
            for known in self.undisturbed
        )

    def ordered(self, one: str, other: str) -> bool:
        """Whether one of two nodes is over before the other begins."""
        return one in self.ancestors[other] or other in self.ancestors[one]

    def conflicts(self) -> Iterator[Conflict]:
        """Jobs that may run at once although one writes what the other touches."""
        for first, second in combinations(self.job_order, 2):
            if self.ordered(first, second):
                continue
            for table in sorted(self._touched(first) & self._touched(second)):
                meets = (first, second), (second, first)
                if any(self.disturbs(writer, table, other) for writer, other in meets):
                    yield Conflict(first, second, table)

    def _touched(self, job: str) -> frozenset[str]:
        return self.jobs[job].reads | self.jobs[job].writes


def build(
    jobs: Collection[Job],
    milestones: Sequence[str],
    placement: Placement,
    undisturbed: Sequence[Undisturbed] = (),
) -> Network:
    """A network that can be run.

    Raises:
        NetworkError: a job is unknown, given twice, not placed, placed outside the night, placed
            before one that it follows, or follows itself.
    """
    by_name = {job.name: job for job in jobs}
    _see_names(jobs, by_name, milestones)
    for job in jobs:
        _see_placed(job, milestones, placement)
        for name in sorted(job.after - by_name.keys()):
            raise NetworkError(
                f"job '{job.name}': follows '{name}', which is no job",
                f"known are {', '.join(by_name)}",
            )
    for name in placement.windows:
        if name not in by_name:
            raise NetworkError(
                f"placement '{placement.name}': places '{name}', which is no job",
                f"known are {', '.join(by_name)}",
            )
    _see_acyclic(by_name)
    for job in jobs:
        _see_forward(job, placement)
    return Network(by_name, tuple(milestones), placement, tuple(undisturbed))


def _see_names(
    jobs: Collection[Job], by_name: Mapping[str, Job], milestones: Sequence[str]
) -> None:
    if len(by_name) < len(jobs):
        names = [job.name for job in jobs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NetworkError(f"job '{twice}': is given twice")
    if len(milestones) < 2 or len(set(milestones)) < len(milestones):
        raise NetworkError(
            f"milestones {', '.join(milestones) or 'none'}: a night needs two or more",
            "no two of the same name",
        )
    for name in milestones:
        if name in by_name:
            raise NetworkError(f"milestone '{name}': a job has that name")


def _see_placed(job: Job, milestones: Sequence[str], placement: Placement) -> None:
    window = placement.windows.get(job.name)
    if window is None:
        raise NetworkError(f"job '{job.name}': placement '{placement.name}' does not place it")
    if not 1 <= window < len(milestones):
        raise NetworkError(
            f"job '{job.name}': placement '{placement.name}' puts it into window {window}",
            f"the windows are 1 to {len(milestones) - 1}",
        )


def _see_acyclic(jobs: Mapping[str, Job]) -> None:
    try:
        graphlib.TopologicalSorter({name: job.after for name, job in jobs.items()}).prepare()
    except graphlib.CycleError as error:
        # A cycle is told as each followed by the next; the last is the first again.
        cycle = [str(name) for name in error.args[1]]
        raise NetworkError(
            f"job '{cycle[0]}': follows itself: {' before '.join(cycle)}",
            "take one of these out of what another follows",
        ) from None


def _see_forward(job: Job, placement: Placement) -> None:
    for name in sorted(job.after):
        if placement.windows[name] > placement.windows[job.name]:
            raise NetworkError(
                f"job '{job.name}': placement '{placement.name}' puts it into window "
                f"{placement.windows[job.name]}, and it follows '{name}' of window "
                f"{placement.windows[name]}",
                "place it in the same window or a later one",
            )
