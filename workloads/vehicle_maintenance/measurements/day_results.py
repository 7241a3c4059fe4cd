"""The rows for problem 3: one day's work results, and the same once more numbered by contract."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from harness.loading.dataset import Generated, Rows
from workloads.vehicle_maintenance.measurements.day import (
    BUSINESS_DATE,
    Chosen,
    business,
    column_of,
    values_of,
)

AS_THEY_CAME: Final = BUSINESS_DATE
BY_CONTRACT: Final = BUSINESS_DATE + timedelta(days=1)
"""The day on which result registration is taken to have numbered the same reports by contract."""

# Two results a day of each tenth contract.
_VEHICLES_OF_TWO_RESULTS: Final = 10
_LEFT_OUT: Final = ("vehicle_record", "progress", "customer_report")
_KEY: Final = ("contract_no", "order_no", "planned_start_date")


def day_results(rows: int, seed: int) -> Generated:
    """A business in which so many results were reported today; what is past is left out.

    Raises:
        ValueError: the number is odd, there are too many, or the seed is out of bounds.
    """
    if rows % 2 or rows < 8:
        raise ValueError(
            f"{rows} rows: must be an even number of 8 or more, two results of a contract"
        )
    return Chosen(business(rows // 2 * _VEHICLES_OF_TWO_RESULTS, seed), _choice)


def _choice() -> Callable[[Rows], Rows]:
    # Blocks follow each other by contract, and so do the contracts in a block.
    by_contract = itertools.count(1)
    number = column_of("work_result", "sort_seq")
    day = column_of("work_result", "report_date")
    assert (day, number) == (0, 1), "the key comes first"

    def choose(block: Rows) -> Rows:
        kept = {name: [] if name in _LEFT_OUT else values for name, values in block.items()}
        today = [row for row in block["work_result"] if row[day] == AS_THEY_CAME]
        kept["work_result"] = [
            *today,
            *((BY_CONTRACT, next(by_contract), *row[2:]) for row in today),
        ]
        reported = {values_of("work_result", row, *_KEY) for row in today}
        kept["maintenance_schedule"] = [
            row
            for row in block["maintenance_schedule"]
            if values_of("maintenance_schedule", row, *_KEY) in reported
        ]
        return kept

    return choose
