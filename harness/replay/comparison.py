"""Two stored replays beside each other. Pure: documents in, rows out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Cell = Mapping[str, Any]

# What two runs must share for their figures to mean the same.
_SAME = ("day", "scale", "seed", "business_date", "arrivals", "speed", "duration_s", "programs")
_NOTED = ("batch", "attempts", "processes", "connections")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one program in both runs."""

    program: str
    name: str
    before: float
    behind: float

    @property
    def is_count(self) -> bool:
        """Whether it is a number of things, and no time or rate."""
        return not self.name.endswith((" ms", "/s"))

    @property
    def ratio(self) -> float | None:
        """The second as a multiple of the first; None if the first is zero."""
        return self.behind / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Compared:
    """One engine at one level in both runs."""

    where: str
    figures: Sequence[Figure]
    different: Sequence[str]
    """What was said differently, and may explain a difference."""
    unknown: Sequence[str]
    """Why the figures cannot be compared, or not all of them."""

    def worse(self, tolerance: float) -> list[Figure]:
        """The latencies that grew to more than so many times."""
        return [
            figure
            for figure in self.figures
            if figure.name.startswith("p") and figure.ratio is not None and figure.ratio > tolerance
        ]


def compare(before: Sequence[Cell], behind: Sequence[Cell]) -> Iterator[Compared]:
    """Compare the cells of two documents: those of the same engine and isolation level."""
    for cell in before:
        where = f"{cell['engine']}, {str(cell['isolation']).replace('-', ' ')}"
        for other in behind:
            if (other["engine"], other["isolation"]) == (cell["engine"], cell["isolation"]):
                yield _compared(where, cell, other)


def _compared(where: str, before: Cell, behind: Cell) -> Compared:
    unknown = [
        f"{name} is {before['setting'][name]} and {behind['setting'][name]}"
        for name in _SAME
        if before["setting"][name] != behind["setting"][name]
    ]
    for which, cell in (("first", before), ("second", behind)):
        if not cell["complete"]:
            unknown.append(f"the {which} run is incomplete")
        # A broken invariant makes a run violated, and takes nothing of these back.
        unknown += [f"the {which} run is unknown: {why}" for why in cell["unknown"]]
    different = [
        f"{name} is {before['setting'][name]} and {behind['setting'][name]}"
        for name in _NOTED
        if before["setting"][name] != behind["setting"][name]
    ]
    if before["version"] != behind["version"]:
        different.append(f"version is {before['version']} and {behind['version']}")
    if before["verdict"] != behind["verdict"]:
        different.append(f"verdict is {before['verdict']} and {behind['verdict']}")
    return Compared(where, list(_figures(before, behind)), different, unknown)


def _figures(before: Cell, behind: Cell) -> Iterator[Figure]:
    yield Figure("all", "committed/s", before["transactions_per_s"], behind["transactions_per_s"])
    yield Figure("all", "lag p99 ms", before["lag"]["p99_s"] * 1e3, behind["lag"]["p99_s"] * 1e3)
    for name, program in before["programs"].items():
        other = behind["programs"].get(name)
        if other is None:
            continue
        for percentile in ("p50", "p99"):
            pair = (p["latency"][f"{percentile}_s"] * 1e3 for p in (program, other))
            yield Figure(name, f"{percentile} ms", *pair)
        yield Figure(name, "retries", program["retries"], other["retries"])
        yield Figure(name, "refused", *(p["ends"]["refused"] for p in (program, other)))
