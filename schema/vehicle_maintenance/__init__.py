"""The vehicle maintenance system: eleven tables, two work tables, a fixture, the invariants.

One more table, `batch_run`, is the batch programs' own.

After the 2024 autumn database specialist examination, afternoon II, question 1. Every table
and column carries its Japanese name as the SQL comment.
"""

from functools import partial

from schema.dialect import ddl
from schema.vehicle_maintenance.batch_run import batch_run
from schema.vehicle_maintenance.collection import metadata
from schema.vehicle_maintenance.contracts import contract, maintenance_order, vehicle
from schema.vehicle_maintenance.maintenance import belongs_to, maintenance_schedule, progress
from schema.vehicle_maintenance.parties import contractor, customer
from schema.vehicle_maintenance.vocabulary import ScheduleKey
from schema.vehicle_maintenance.work import (
    customer_report,
    inspection_sheet,
    vehicle_record,
    wk1,
    wk2,
    work_result,
)

# What `harness schema ddl` prints, for an engine's name.
print_ddl = partial(ddl, metadata)

__all__ = [
    "ScheduleKey",
    "batch_run",
    "belongs_to",
    "contract",
    "contractor",
    "customer",
    "customer_report",
    "inspection_sheet",
    "maintenance_order",
    "maintenance_schedule",
    "metadata",
    "print_ddl",
    "progress",
    "vehicle",
    "vehicle_record",
    "wk1",
    "wk2",
    "work_result",
]
