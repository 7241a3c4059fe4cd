"""A measurement: its data, its cases, and how its figures are shown.

Packages bring measurements by an entry point in the group `harness.measurements` that names a
function returning them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection, Table

from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.loading.dataset import Generated
from harness.measure.trial import Case, Measured
from harness.scenario import brought_in

GROUP = "harness.measurements"

Every = int | None
"""Rows between two commits; None commits once, when all are done."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user wants measured."""

    rows: int
    seed: int
    isolation: Isolation
    commit_every: tuple[Every, ...] = (1, 10, 100, 1000, None)
    jobs: tuple[int, ...] = (1, 2, 4)
    rate_per_s: float = 10.0
    """Requests of each online program a second."""


@dataclass(frozen=True, slots=True)
class Result:
    """A case, and what came of its trials so far."""

    case: Case
    measured: Mapping[str, Measured]

    @property
    def verdict(self) -> Verdict:
        """The worst of its trials; one that was not measured is unknown."""
        missing = [Verdict.UNKNOWN] if self.case.trials.keys() - self.measured.keys() else []
        return Verdict.worst([*missing, *(one.verdict for one in self.measured.values())])

    @property
    def is_news(self) -> bool:
        """Broken, and not known to be."""
        return self.verdict is Verdict.VIOLATED and not self.case.breaks


@dataclass
class Answer:
    """What was measured on one server."""

    engine: Engine
    version: str
    source: str
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What has to be known to read the figures."""
    missing: str = ""
    """Why the rest was not measured; empty if nothing is missing."""

    @property
    def title(self) -> str:
        """'PostgreSQL 18.6'."""
        return f"{self.engine.title} {self.version}"


Value = float | int | str | None


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of each case."""

    key: str
    """Its name in the document, with the unit last."""
    header: str
    value: Callable[[Result], Value]
    """None where there is none."""
    digits: int = 0
    """Digits behind the point."""
    group: str = ""
    """The heading of the table that it stands in; columns of one group follow each other."""


@dataclass(frozen=True, slots=True)
class Point:
    """One case in a picture; `x` is a word of the axis."""

    x: str
    y: float
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes with its curves."""

    title: str
    x_title: str
    y_title: str
    curves: Mapping[str, Sequence[Point]]
    logarithmic: bool = False


class Measurement(Protocol):
    """What `harness measure NAME` runs."""

    @property
    def name(self) -> str:
        """As it is asked for: 'problem-1'."""

    @property
    def title(self) -> str:
        """What is measured, in words."""

    @property
    def changed(self) -> Sequence[Table]:
        """The tables that its programs change."""

    @property
    def columns(self) -> Sequence[Column]:
        """The figures of each case, beside variant, setting and verdict."""

    def data(self, asked: Asked) -> Generated:
        """The rows to be loaded.

        Raises:
            ValueError: so many cannot be made; the text says why.
        """

    def cases(self, asked: Asked, connection: Connection) -> Sequence[Case]:
        """What is to be measured on the rows that have been loaded."""

    def panels(self, answers: Sequence[Answer]) -> Sequence[Panel]:
        """The picture."""


def measurements() -> Mapping[str, Measurement]:
    """All measurements that installed packages bring, by name.

    Raises:
        HarnessError: a package's measurements do not import.
    """
    return {m.name: m for brought in brought_in(GROUP) for m in brought()}
