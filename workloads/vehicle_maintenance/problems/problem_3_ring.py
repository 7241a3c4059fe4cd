"""Problem 3 with three jobs, for bounded searches with `harness explore`.

Two jobs deadlock on two contracts that both have. In the ring the first has contracts 1001 and
1002, the second 1002 and 1003, the third 1003 and 1001: no two share more than one, any two alone
are free of deadlocks, and all three are not. The interleavings are too many to be tried in a
sitting (10^8 and more), so this is no scenario. Nor are three jobs with one report each of the
same contract, unless one update adds the points (`problem_3_three_jobs`).
"""

from __future__ import annotations

from sqlalchemy import Connection

from schema.vehicle_maintenance import metadata
from schema.vehicle_maintenance.fixture import (
    ARRANGED_SCHEDULE,
    PROBLEM_2_SCHEDULE,
    SHAKEN_SCHEDULE,
    load,
    rows,
)
from workloads.vehicle_maintenance.batch.inspection_rate_update import (
    InspectionRateRequest,
    inspection_rate_update,
    inspection_rate_update_contract_order_addition,
)
from workloads.vehicle_maintenance.problems.problem_3 import AS_THEY_CAME, result_row
from workloads.vehicle_maintenance.problems.problem_3_three_jobs import one_sheet_rows

_RING = (
    PROBLEM_2_SCHEDULE,
    SHAKEN_SCHEDULE,
    SHAKEN_SCHEDULE,
    ARRANGED_SCHEDULE,
    ARRANGED_SCHEDULE,
    PROBLEM_2_SCHEDULE,
)


def setup(connection: Connection) -> None:
    """Make the tables, with the fixture and the six reports of the ring."""
    metadata.create_all(connection)
    content = rows()
    content["work_result"] += [
        result_row(AS_THEY_CAME, number, key, number - 1)
        for number, key in enumerate(_RING, start=1)
    ]
    load(connection, content)


def _request(first: int) -> InspectionRateRequest:
    return InspectionRateRequest(AS_THEY_CAME, first, first + 1)


def first(connection: Connection) -> object:
    """Figure 5 for contract 1001, then 1002."""
    return inspection_rate_update(connection, _request(1))


def second(connection: Connection) -> object:
    """Figure 5 for contract 1002, then 1003."""
    return inspection_rate_update(connection, _request(3))


def third(connection: Connection) -> object:
    """Figure 5 for contract 1003, then 1001."""
    return inspection_rate_update(connection, _request(5))


def first_mended(connection: Connection) -> object:
    """Add to contracts 1001 and 1002."""
    return inspection_rate_update_contract_order_addition(connection, _request(1))


def second_mended(connection: Connection) -> object:
    """Add to contracts 1002 and 1003."""
    return inspection_rate_update_contract_order_addition(connection, _request(3))


def third_mended(connection: Connection) -> object:
    """Add to contracts 1001 and 1003, in this order."""
    return inspection_rate_update_contract_order_addition(connection, _request(5))


def setup_one_sheet(connection: Connection) -> None:
    """Make the tables, with the fixture and three reports of contract 1001."""
    metadata.create_all(connection)
    load(connection, one_sheet_rows())


def report_1(connection: Connection) -> object:
    """Figure 5 for the first report."""
    return inspection_rate_update(connection, _one(1))


def report_2(connection: Connection) -> object:
    """Figure 5 for the second report."""
    return inspection_rate_update(connection, _one(2))


def report_3(connection: Connection) -> object:
    """Figure 5 for the third report."""
    return inspection_rate_update(connection, _one(3))


def _one(number: int) -> InspectionRateRequest:
    return InspectionRateRequest(AS_THEY_CAME, number, number)
