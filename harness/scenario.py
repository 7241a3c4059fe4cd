"""A scenario: programs, the tables they start from, variants of them, and what to check.

Packages bring scenarios by an entry point in the group `harness.scenarios` that names a function
returning them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sqlalchemy import Connection, MetaData

from harness.checks.invariant import Invariant
from harness.checks.state import State
from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.errors import HarnessError, UsageError
from harness.programs import Program, ProgramEnd

GROUP = "harness.scenarios"
SCHEMA_GROUP = "harness.schemas"


@dataclass(frozen=True)
class Variant:
    """The programs as they are, or with one named fix.

    `expected` says which verdict is known for an engine of some version at some level; a run that
    concludes otherwise is news, and ends with status 1.
    """

    name: str
    sentence: str
    programs: Mapping[str, Program]
    expected: Callable[[Engine, str, Isolation], Verdict] | None = None
    metadata: MetaData | None = None
    """Tables of its own, where the fix is in them; they take the scenario's rows."""


@dataclass(frozen=True)
class Scenario:
    """What `harness reproduce NAME` runs."""

    name: str
    title: str
    question: str
    metadata: MetaData | None
    """The tables; None if `load` makes them itself, and they are then read from the database."""
    load: Callable[[Connection], None]
    variants: Mapping[str, Variant]
    invariants: Sequence[Invariant] = ()
    serial_equivalence: bool = True
    """False: business tolerates more than serial order, and only the invariants decide."""
    results_check: Callable[[Mapping[str, ProgramEnd], State], str | None] | None = None
    """A rule over how the programs ended and how they left the tables: None, or what is wrong."""
    longest_wait: Mapping[str, int] = field(default_factory=dict)
    """How many steps of the others a program, by its session, may have to wait for at most."""
    isolations: Sequence[Isolation] = field(
        default=(Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ)
    )


def scenario_of(
    programs: Mapping[str, Program],
    setup: Callable[[Connection], None],
    invariants: Sequence[Invariant] = (),
    *,
    name: str = "your programs",
    serial_equivalence: bool = True,
) -> Scenario:
    """A scenario of somebody's own functions: `setup` makes the tables and their rows."""
    return Scenario(
        name=name,
        title=" and ".join(program.title for program in programs.values()),
        question="does every interleaving give what some serial order gives?",
        metadata=None,
        load=setup,
        variants={"current": Variant("current", "as they are", programs)},
        invariants=invariants,
        serial_equivalence=serial_equivalence,
    )


def scenarios() -> Mapping[str, Scenario]:
    """All scenarios that installed packages bring, by name.

    Raises:
        HarnessError: a package's scenarios do not import.
    """
    return {s.name: s for brought in brought_in(GROUP) for s in brought()}


def brought_in(group: str) -> list[Any]:
    """What installed packages name in a group of entry points.

    Raises:
        HarnessError: a package's part does not import.
    """
    return [_loaded(point) for point in entry_points(group=group)]


def schemas() -> Mapping[str, Callable[[str], str]]:
    """All schemas that installed packages bring: by name, what prints them for an engine.

    Raises:
        HarnessError: a package's schemas do not import.
    """
    return brought_in_by_name(SCHEMA_GROUP)


def brought_in_by_name(group: str) -> dict[str, Any]:
    """What installed packages name in a group of entry points, by the name of each.

    Raises:
        HarnessError: a package's part does not import.
    """
    return {point.name: _loaded(point) for point in entry_points(group=group)}


def _loaded(point: EntryPoint) -> Any:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise HarnessError(
            f"'{point.value}' of group {point.group}: does not import: {error}",
            "is the package that brings it installed whole?",
        ) from error


def choose(kind: str, wanted: str, known: Mapping[str, object]) -> None:
    """See that a name is known.

    Raises:
        UsageError: it is not; says which are, and which was probably meant.
    """
    if wanted in known:
        return
    near = difflib.get_close_matches(wanted.lower(), known, n=1)
    hints = [f"did you mean '{near[0]}'?"] if near else []
    told = [f"'{name}'" if {" ", ","} & set(name) else name for name in known]
    raise UsageError(f"{kind} '{wanted}': unknown; known are {', '.join(told)}", *hints)
