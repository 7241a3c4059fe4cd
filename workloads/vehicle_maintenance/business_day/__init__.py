"""The business day that `harness replay day` replays: online programs by number, the night's batch.

Numbers of rows are the exam's (tables 2 and 3) for 100,000 vehicles; numbers of requests follow
from them and from what a request adds and updates. The exam gives none for vehicle inquiry
(車両照会), which changes nothing: here it is asked as often as a reservation is made.

The data of the generator stand on the business date before its first request. To come to the
morning, last night's planning is run (extractions and schedule creation), for it makes the
schedules whose documents are issued and whose intake is booked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from harness.replay.day import Day, OnlineProgram, RowCounts
from workloads.vehicle_maintenance.business_day.morning import prepare
from workloads.vehicle_maintenance.business_day.rules import INVARIANTS
from workloads.vehicle_maintenance.online.contract_registration import contract_registration
from workloads.vehicle_maintenance.online.document_issue import document_issue
from workloads.vehicle_maintenance.online.reservation_registration import (
    OrderNotFoundError,
    ScheduleNotFoundError,
    reservation_registration,
)
from workloads.vehicle_maintenance.online.vehicle_inquiry import vehicle_inquiry
from workloads.vehicle_maintenance.online.vehicle_registration import vehicle_registration
from workloads.vehicle_maintenance.refusals import NotRegisteredError
from workloads.vehicle_maintenance.table_4 import TITLES

_HOUR_S = 3600.0

# A new contract with two orders adds 4 rows (契約, 受託 twice, 点検表): 2,500 make 10,000. A change
# of one with one of its orders updates 2: 5,000 make 10,000. A new vehicle adds 2 (車両 and 記録簿)
# and updates 1 (契約), a change updates 1: 5,000 and 1,000 make 10,000 and 6,000.
_DAILY: Mapping[str, int] = {
    "contract_registration": 7_500,
    "vehicle_registration": 6_000,
    "vehicle_inquiry": 10_000,
    "document_issue": 10_000,
    "reservation_registration": 10_000,
}
_RUN: Mapping[str, Callable[[Connection, Any], object]] = {
    "contract_registration": contract_registration,
    "vehicle_registration": vehicle_registration,
    "vehicle_inquiry": vehicle_inquiry,
    "document_issue": document_issue,
    "reservation_registration": reservation_registration,
}
_DECLINED = (NotRegisteredError, OrderNotFoundError, ScheduleNotFoundError)

EXPECTED_ROWS = {
    "contract_registration": RowCounts(10_000, 10_000),
    "vehicle_registration": RowCounts(10_000, 6_000),
    "vehicle_inquiry": RowCounts(0, 0),
    "document_issue": RowCounts(10_000, 0),
    "reservation_registration": RowCounts(10_000, 4_000),
    "result_registration": RowCounts(20_000, 0),
    "report_creation": RowCounts(20_000, 20_000),
    "inspection_extraction": RowCounts(30_000, 0),
    "shaken_extraction_1": RowCounts(30_000, 0),
    "shaken_extraction_2": RowCounts(20_000, 0),
    "schedule_creation": RowCounts(20_000, 0),
    "progress_update": RowCounts(10_000, 40_000),
    "request_creation": RowCounts(0, 0),
    "inspection_rate_update": RowCounts(0, 20_000),
}
"""Exam tables 2 and 3: rows added and updated in a day."""

DAY = Day(
    name="vehicle-maintenance",
    title="vehicle maintenance (車両保守システム)",
    dataset="vehicle-maintenance",
    opens_s=9 * _HOUR_S,
    closes_s=19 * _HOUR_S,
    programs={
        name: OnlineProgram(name, TITLES[name], run, _DAILY[name], _DECLINED)
        for name, run in _RUN.items()
    },
    prepare=prepare,
    jobs={name: title for name, title in TITLES.items() if name not in _DAILY},
    source="exam tables 2 and 3",
    expected_rows=EXPECTED_ROWS,
    invariants=INVARIANTS,
)
