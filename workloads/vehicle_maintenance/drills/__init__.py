"""What runs while a server is killed: the vehicle maintenance system's own programs."""

from collections.abc import Sequence

from harness.recovery.load import Load
from workloads.vehicle_maintenance.drills.contracts import CONTRACTS


def loads() -> Sequence[Load]:
    """What the entry point brings."""
    return (CONTRACTS,)
