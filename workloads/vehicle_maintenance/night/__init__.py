"""The batch night of the vehicle maintenance system: its network, its placements, its programs."""

from collections.abc import Sequence

from harness.jobs.night import Night
from schema.vehicle_maintenance import metadata
from schema.vehicle_maintenance.work_tables import WORK_TABLES
from workloads.vehicle_maintenance.night.network import JOBS, MILESTONES, ONLINE, UNDISTURBED
from workloads.vehicle_maintenance.night.placements import PLACEMENTS
from workloads.vehicle_maintenance.night.programs import prepare
from workloads.vehicle_maintenance.table_4 import COLUMNS

VEHICLE_MAINTENANCE = Night(
    name="vehicle-maintenance",
    title="vehicle maintenance (車両保守システム)",
    source="2024 autumn exam, afternoon II, question 1: tables 3 and 4, figure 2 reconstructed",
    jobs=JOBS,
    milestones=MILESTONES,
    placements={placement.name: placement for placement in PLACEMENTS},
    metadata=metadata,
    no_log=frozenset(table.name for table in WORK_TABLES),
    prepare=prepare,
    table_titles={table.name: table.comment or "" for table in metadata.tables.values()},
    table_order=COLUMNS,
    undisturbed=UNDISTURBED,
    online=ONLINE,
)


def nights() -> Sequence[Night]:
    """What the entry point brings."""
    return [VEHICLE_MAINTENANCE]
