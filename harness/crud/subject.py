"""A subject: programs, the tables they work on, and what each is meant to do to which.

Packages bring subjects by an entry point in the group `harness.crud` that names a function
returning them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, MetaData

from harness.scenario import brought_in

GROUP = "harness.crud"

Run = Callable[[Connection], object]


@dataclass(frozen=True)
class Expected:
    """What one program is meant to do."""

    name: str
    title: str
    """What its users call it."""
    cells: Mapping[str, str]
    """Letters by table; a table that is not named is not to be touched."""
    reconstructed: Mapping[str, str] = field(default_factory=dict)
    """Those of the letters that the source does not force, by table."""
    prescribed: str = ""
    """The letters as the source has them, where it does not tell of which table each is."""


@dataclass(frozen=True)
class Subject:
    """What `harness crud NAME` runs."""

    name: str
    title: str
    source: str
    """Where the expectations come from."""
    metadata: MetaData
    load: Callable[[Connection], None]
    columns: Sequence[str]
    """The tables in the order of the source."""
    programs: Sequence[Expected]
    runs: Callable[[Path], Mapping[str, Sequence[Run]]]
    """Given a folder for their files: what to run, by program, in the order to run it."""


def subjects() -> Mapping[str, Subject]:
    """All subjects that installed packages bring, by name.

    Raises:
        HarnessError: a package's subjects do not import.
    """
    return {s.name: s for brought in brought_in(GROUP) for s in brought()}
