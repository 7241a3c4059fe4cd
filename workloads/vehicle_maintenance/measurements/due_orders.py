"""The rows for problem 1: a known number of maintenance orders whose report is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from harness.loading.dataset import Generated, Rows
from schema.vehicle_maintenance.vocabulary import RELEASE_BOOKING
from workloads.vehicle_maintenance.measurements.day import (
    BUSINESS_DATE,
    Chosen,
    business,
    column_of,
)

# Shorter than the shortest interval between two reports, so that each order is due once.
UNTIL: Final = BUSINESS_DATE + timedelta(days=85)
_LATER: Final = UNTIL + timedelta(days=30)
# About 0.8 orders of a contract are due by then; what is too many is put off.
_ORDERS_OF_A_CONTRACT: Final = 0.6

_LEFT_OUT: Final = ("work_result", "vehicle_record", "progress")


def due_orders(rows: int, seed: int) -> Generated:
    """A business in which so many orders are due; past work is left out but for its reports.

    Raises:
        ValueError: there are too many, or the seed is out of bounds.
    """
    vehicles = round(rows / _ORDERS_OF_A_CONTRACT) + 1
    return Chosen(business(vehicles, seed), lambda: _choice(rows))


def _choice(rows: int) -> Callable[[Rows], Rows]:
    left = rows
    next_report = column_of("maintenance_order", "next_report_date")
    arrangement = column_of("maintenance_schedule", "current_arrangement_no")

    def counted(row: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal left
        due: date = row[next_report]
        if due > UNTIL:
            return row
        left -= 1
        return row if left >= 0 else (*row[:next_report], _LATER, *row[next_report + 1 :])

    def choose(block: Rows) -> Rows:
        kept = {name: [] if name in _LEFT_OUT else values for name, values in block.items()}
        kept["maintenance_order"] = [counted(row) for row in block["maintenance_order"]]
        kept["maintenance_schedule"] = [
            row for row in block["maintenance_schedule"] if row[arrangement] < RELEASE_BOOKING
        ]
        return kept

    return choose
