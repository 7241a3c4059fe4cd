"""A dataset: tables, and their rows at a size that somebody names.

Packages bring datasets by an entry point in the group `harness.datasets` that names a `Generate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from sqlalchemy import MetaData

from harness.scenario import brought_in_by_name

GROUP = "harness.datasets"

Rows = Mapping[str, Sequence[tuple[Any, ...]]]


class Generated(Protocol):
    """The rows of one size and seed."""

    @property
    def metadata(self) -> MetaData:
        """The tables."""

    @property
    def blocks(self) -> int:
        """How many blocks there will be."""

    def rows(self) -> Iterator[Rows]:
        """Each block: for each table its rows, values in the order of the table's columns.

        What a row refers to is in the same block or in an earlier one.
        """


class Generate(Protocol):
    """Make a dataset's rows for a size, a seed and the date on which the data stand."""

    def __call__(self, scale: float, seed: int, business_date: date) -> Generated:
        """The rows; none is made yet.

        Raises:
            ValueError: a value is out of bounds; the text says which and what they are.
        """


def datasets() -> Mapping[str, Generate]:
    """All datasets that installed packages bring, by name.

    Raises:
        HarnessError: a package's dataset does not import.
    """
    return brought_in_by_name(GROUP)
