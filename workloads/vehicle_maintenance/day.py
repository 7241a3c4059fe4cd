"""All fourteen programs on the fixture's business day, so that each finds something to do.

In an order in which each finds what it needs: online programs first, then the batch night; document
issue (書類発行) comes after schedule creation (予定表作成), whose schedules it tells of.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from schema.vehicle_maintenance import ScheduleKey
from schema.vehicle_maintenance.fixture import (
    BUSINESS_DATE,
    NOTIFIED_SCHEDULE,
    SERVICE_SCHEDULE,
)
from schema.vehicle_maintenance.vocabulary import INSPECTION, INTAKE_BOOKING, SERVICE, SHAKEN
from workloads.vehicle_maintenance.batch import extraction, received_file
from workloads.vehicle_maintenance.batch.inspection_rate_update import (
    InspectionRateRequest,
    inspection_rate_update,
)
from workloads.vehicle_maintenance.batch.progress_update import (
    ProgressUpdateRequest,
    progress_update,
)
from workloads.vehicle_maintenance.batch.report_creation import (
    ReportCreationRequest,
    report_creation,
)
from workloads.vehicle_maintenance.batch.request_creation import (
    RequestCreationRequest,
    request_creation,
)
from workloads.vehicle_maintenance.batch.result_registration import (
    ResultRegistrationRequest,
    result_registration,
)
from workloads.vehicle_maintenance.batch.schedule_creation import schedule_creation
from workloads.vehicle_maintenance.online.contract_registration import (
    ContractChange,
    NewContract,
    OrderTerms,
    contract_registration,
)
from workloads.vehicle_maintenance.online.document_issue import DocumentRequest, document_issue
from workloads.vehicle_maintenance.online.reservation_registration import (
    ReservationRequest,
    reservation_registration,
)
from workloads.vehicle_maintenance.online.vehicle_inquiry import (
    VehicleInquiryRequest,
    vehicle_inquiry,
)
from workloads.vehicle_maintenance.online.vehicle_registration import (
    NewVehicle,
    VehicleChange,
    VehicleDetails,
    vehicle_registration,
)

Run = Callable[[Connection], object]

_LEASE = (date(2024, 11, 1), date(2029, 10, 31))

NEW_CONTRACT = NewContract(
    1005,
    "C003",
    "new lease",
    *_LEASE,
    (OrderTerms(1, SHAKEN, *_LEASE, 12), OrderTerms(2, INSPECTION, *_LEASE, 6)),
    planned_points=60,
)
CONTRACT_CHANGE = ContractChange(
    1001,
    "repeated lease",
    date(2028, 6, 30),
    (
        OrderTerms(2, INSPECTION, date(2022, 7, 1), date(2028, 6, 30), 3),
        OrderTerms(4, SERVICE, date(2027, 7, 1), date(2028, 6, 30), 12),
    ),
)
NEW_VEHICLE = NewVehicle(
    105,
    NEW_CONTRACT.contract_no,
    BUSINESS_DATE,
    VehicleDetails(
        "Kita",
        "Saloon",
        "S",
        "KS-03",
        "in use",
        "KS03-3",
        "saloon",
        5,
        0,
        date(2025, 11, 1),
        date(2027, 10, 31),
    ),
)
VEHICLE_CHANGE = VehicleChange(104, vehicle_use="sales", next_inspection_due_date=date(2025, 9, 2))

# Two inspections fall due; three shakens expire, of which two are under way.
INSPECTIONS_DUE = extraction.ExtractionRequest(
    BUSINESS_DATE + timedelta(days=1), date(2024, 11, 30)
)
SHAKENS_DUE = extraction.ExtractionRequest(BUSINESS_DATE + timedelta(days=1), date(2025, 6, 30))

# The one that schedule creation makes of the inspection of vehicle 101, due on 2024-10-31.
CREATED_SCHEDULE = ScheduleKey(1001, 2, date(2024, 10, 17))

REPORT_DATE = BUSINESS_DATE + timedelta(days=1)

_RECEIVED = (
    ("W01", *SERVICE_SCHEDULE, 41, 8, "good", "oil, l", "3.50", "1200", "4200"),
    ("W01", *SERVICE_SCHEDULE, 42, 6, "good", "oil filter", "1", "1500", "1500"),
    ("W01", *NOTIFIED_SCHEDULE, 12, 12, "good", "yearly inspection", "1", "18000", "18000"),
)


def write_received_file(folder: Path) -> Path:
    """Write a day's file of work results: two reports, three work items; where it is."""
    path = folder / f"received_{REPORT_DATE}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([tuple(received_file.COLUMNS), *_RECEIVED])
    return path


def runs(folder: Path) -> Mapping[str, Sequence[Run]]:
    """The programs by name, in their order; each is run once or twice on a connection.

    `folder` must exist: files are read from it and written to it.
    """
    received = ResultRegistrationRequest(REPORT_DATE, write_received_file(folder))
    asked = RequestCreationRequest(BUSINESS_DATE, BUSINESS_DATE, date(2024, 11, 30), folder)
    booking = ReservationRequest(
        NOTIFIED_SCHEDULE, INTAKE_BOOKING, planned_intake_date=date(2024, 10, 22)
    )
    return {
        "contract_registration": [
            partial(contract_registration, request=NEW_CONTRACT),
            partial(contract_registration, request=CONTRACT_CHANGE),
        ],
        "vehicle_registration": [
            partial(vehicle_registration, request=NEW_VEHICLE),
            partial(vehicle_registration, request=VEHICLE_CHANGE),
        ],
        "vehicle_inquiry": [partial(vehicle_inquiry, request=VehicleInquiryRequest(101))],
        "reservation_registration": [partial(reservation_registration, request=booking)],
        "inspection_extraction": [
            partial(extraction.inspection_extraction, request=INSPECTIONS_DUE)
        ],
        "shaken_extraction_1": [partial(extraction.shaken_extraction_1, request=SHAKENS_DUE)],
        "shaken_extraction_2": [extraction.shaken_extraction_2],
        "result_registration": [partial(result_registration, request=received)],
        "schedule_creation": [schedule_creation],
        "document_issue": [partial(document_issue, request=DocumentRequest(CREATED_SCHEDULE))],
        "progress_update": [partial(progress_update, request=ProgressUpdateRequest(BUSINESS_DATE))],
        "request_creation": [partial(request_creation, request=asked)],
        "inspection_rate_update": [
            partial(inspection_rate_update, request=InspectionRateRequest(BUSINESS_DATE, 1, 2))
        ],
        "report_creation": [
            partial(report_creation, request=ReportCreationRequest(date(2024, 11, 1)))
        ],
    }
