"""A business of some size on its business date, block by block."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import MetaData

from schema.sizes import see_bounds
from schema.vehicle_maintenance.collection import metadata
from schema.vehicle_maintenance.generator.arrivals import Arrivals
from schema.vehicle_maintenance.generator.block import BLOCK_CONTRACTS, Block, Sizes
from schema.vehicle_maintenance.generator.history import History

VEHICLES_AT_SCALE_1: Final = 100_000

BlockRows = Mapping[str, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Business:
    """What is to be generated; the rows come from `rows()`."""

    vehicles: int
    """Vehicles, and as many contracts."""
    seed: int
    business_date: date
    """The day in question: its results have been reported, and not been taken over yet."""
    metadata: MetaData = metadata

    @property
    def blocks(self) -> int:
        """How many blocks `rows` yields."""
        return math.ceil(self.vehicles / BLOCK_CONTRACTS)

    def rows(self) -> Iterator[BlockRows]:
        """The rows, block by block: for each table those of the block, in the order of its columns.

        Tables come in an order in which they can be loaded: what a row refers to is in the same
        block's earlier tables, or in an earlier block.
        """
        sizes = Sizes(self.vehicles)
        arrivals = Arrivals(self.seed, sizes.reported, self.business_date)
        for number in range(self.blocks):
            block = Block(self.seed, sizes, number, self.business_date.toordinal())
            rows = History(block, arrivals).rows()
            if number == self.blocks - 1:
                rows["batch_run"] = arrivals.batch_runs()
            yield {table.name: rows.get(table.name, []) for table in metadata.sorted_tables}


def generate(scale: float, seed: int, business_date: date) -> Business:
    """A business of `scale` times the exam's size.

    >>> generate(0.001, 1, date(2024, 10, 15)).vehicles
    100

    Raises:
        ValueError: a value is out of bounds; the text says of which.
    """
    see_bounds(scale, seed, business_date)
    return Business(round(VEHICLES_AT_SCALE_1 * scale), seed, business_date)
