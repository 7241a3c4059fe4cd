"""A generated business of which only those rows are kept that a measured program meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import MetaData

from harness.loading.dataset import Generated, Rows
from schema.vehicle_maintenance import metadata
from schema.vehicle_maintenance.generator import generate

BUSINESS_DATE: Final = date(2024, 10, 15)
_VEHICLES_AT_SCALE_1: Final = 100_000
_VEHICLES_MIN: Final = 40


@dataclass(frozen=True)
class Chosen:
    """Some rows of a business; foreign keys are the choice's to keep."""

    generated: Generated
    choice: Callable[[], Callable[[Rows], Rows]]
    """Begins a choice, which is then given block after block."""

    @property
    def metadata(self) -> MetaData:
        """All tables; some may stay empty."""
        return self.generated.metadata

    @property
    def blocks(self) -> int:
        """As many as the business has."""
        return self.generated.blocks

    def rows(self) -> Iterator[Rows]:
        """What was chosen of each block."""
        choose = self.choice()
        for block in self.generated.rows():
            yield choose(block)


def business(vehicles: int, seed: int) -> Generated:
    """A business of so many vehicles, or of the fewest that can be generated.

    Raises:
        ValueError: there are too many, or the seed is out of bounds.
    """
    return generate(max(_VEHICLES_MIN, vehicles) / _VEHICLES_AT_SCALE_1, seed, BUSINESS_DATE)


def column_of(table: str, name: str) -> int:
    """Where a column's value stands in a generated row."""
    return list(metadata.tables[table].columns.keys()).index(name)


def values_of(table: str, row: tuple[Any, ...], *names: str) -> tuple[Any, ...]:
    """Some values of a generated row."""
    return tuple(row[column_of(table, name)] for name in names)
