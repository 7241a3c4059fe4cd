"""A small business day: every table has rows, and every rule of the tables holds.

Four vehicles are leased to three customers; their maintenance stands at various arrangements.
On `BUSINESS_DATE` the contractors have reported three work items: the inspection of exam
problem 2 is done, and so is a shaken, which took two items. Progress update has not run yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection

from schema.vehicle_maintenance.collection import metadata
from schema.vehicle_maintenance.vocabulary import (
    INSPECTION,
    INTAKE_BOOKING,
    RELEASE_BOOKING,
    SERVICE,
    SHAKEN,
    ScheduleKey,
)

Row = dict[str, Any]
Rows = dict[str, list[Row]]

BUSINESS_DATE: Final = date(2024, 10, 15)

# Exam problem 2: an inspection at arrangement 5, reported as completed today while the customer
# telephones to book the release. Its vehicle is 101 and its one report has sort_seq 1.
PROBLEM_2_SCHEDULE: Final = ScheduleKey(1001, 2, date(2024, 10, 10))

# A service planned together with the inspection above: same vehicle, other class, one stay.
SERVICE_SCHEDULE: Final = ScheduleKey(1001, 3, date(2024, 10, 10))

# A shaken at arrangement 5, reported as completed today by two work items under sort_seq 2. Its
# vehicle is 102, whose shaken expires on 2024-10-31.
SHAKEN_SCHEDULE: Final = ScheduleKey(1002, 1, date(2024, 10, 8))

# An inspection for which only the advance notice has been sent.
NOTIFIED_SCHEDULE: Final = ScheduleKey(1003, 2, date(2024, 10, 21))

# A shaken at arrangement 3: its intake has long been booked.
ARRANGED_SCHEDULE: Final = ScheduleKey(1003, 1, date(2024, 10, 17))

# An inspection that is over: the vehicle has left the workshop, the results are six weeks old.
RELEASED_SCHEDULE: Final = ScheduleKey(1004, 1, date(2024, 9, 2))

_PAST_DATE: Final = date(2024, 9, 4)
_INSPECTED: Final = (
    12,
    "good",
    "yearly inspection",
    Decimal(1),
    Decimal(18000),
    Decimal(18000),
)
_TESTED: Final = (24, "good", "shaken test", Decimal(1), Decimal(32000), Decimal(32000))
_REFILLED: Final = (4, "good", "brake fluid, l", Decimal("0.75"), Decimal(2400), Decimal(1800))

_CUSTOMERS: Final = (
    ("C001", "Aoba Trading"),
    ("C002", "Midori Foods"),
    ("C003", "Hinode Printing"),
)
_CONTRACTORS: Final = (
    ("W01", "Minato Motor Works", "1-1 Minato"),
    ("W02", "Tozai Vehicle Inspection", "2-8 Higashi"),
)
_VEHICLE_COLUMNS: Final = (
    "vehicle_no maker_name model_name grade_name maker_model_code chassis_no "
    "maintenance_status vehicle_use seating_capacity load_kg_max "
    "next_inspection_due_date shaken_expiry_date"
)
_COURIER: Final = ("Asahi", "Courier", "GL", "AC-10")
_SALOON: Final = ("Kita", "Saloon", "S", "KS-03")
_VEHICLES: Final = (
    (
        101,
        *_COURIER,
        "AC10-1",
        "repair",
        "cargo",
        2,
        350,
        date(2024, 10, 31),
        date(2025, 6, 30),
    ),
    (
        102,
        *_COURIER,
        "AC10-2",
        "repair",
        "cargo",
        2,
        350,
        date(2025, 4, 30),
        date(2024, 10, 31),
    ),
    (103, *_SALOON, "KS03-1", "in use", "saloon", 5, 0, date(2024, 11, 15), date(2024, 11, 15)),
    (104, *_SALOON, "KS03-2", "in use", "saloon", 5, 0, date(2025, 3, 2), date(2026, 2, 28)),
)
_CONTRACT_COLUMNS: Final = "contract_no customer_code contract_type vehicle_no start_date end_date"
_CONTRACTS: Final = (
    (1001, "C001", "new lease", 101, date(2022, 7, 1), date(2027, 6, 30)),
    (1002, "C001", "new lease", 102, date(2022, 11, 1), date(2027, 10, 31)),
    (1003, "C002", "repeated lease", 103, date(2023, 11, 16), date(2025, 11, 15)),
    (1004, "C003", "new lease", 104, date(2023, 3, 1), date(2026, 2, 28)),
)
_ORDER_COLUMNS: Final = (
    "contract_no order_no maintenance_class order_start_date order_end_date "
    "report_interval_months next_report_date"
)
_ORDERS: Final = (
    (1001, 1, SHAKEN, date(2022, 7, 1), date(2027, 6, 30), 12, date(2025, 7, 1)),
    (1001, 2, INSPECTION, date(2022, 7, 1), date(2027, 6, 30), 6, date(2024, 10, 20)),
    (1001, 3, SERVICE, date(2022, 7, 1), date(2027, 6, 30), 6, date(2024, 10, 20)),
    (1002, 1, SHAKEN, date(2022, 11, 1), date(2027, 10, 31), 12, date(2024, 11, 1)),
    (1002, 2, INSPECTION, date(2022, 11, 1), date(2027, 10, 31), 6, date(2024, 11, 1)),
    (1003, 1, SHAKEN, date(2023, 11, 16), date(2025, 11, 15), 12, date(2024, 11, 16)),
    (1003, 2, INSPECTION, date(2023, 11, 16), date(2025, 11, 15), 6, date(2024, 11, 16)),
    (1004, 1, INSPECTION, date(2023, 3, 1), date(2026, 2, 28), 6, date(2025, 3, 1)),
)
_SCHEDULE_COLUMNS: Final = (
    "contract_no order_no planned_start_date schedule_status current_arrangement_no "
    "contractor_code start_date completion_date maintenance_class vehicle_no"
)
_SCHEDULES: Final = (
    (*PROBLEM_2_SCHEDULE, "under way", 5, "W01", date(2024, 10, 10), None, INSPECTION, 101),
    (*SERVICE_SCHEDULE, "under way", 4, "W01", date(2024, 10, 10), None, SERVICE, 101),
    (*SHAKEN_SCHEDULE, "under way", 5, "W02", date(2024, 10, 8), None, SHAKEN, 102),
    (1002, 2, date(2024, 10, 28), "planned", 2, "W01", None, None, INSPECTION, 102),
    (*ARRANGED_SCHEDULE, "planned", 3, "W02", None, None, SHAKEN, 103),
    (*NOTIFIED_SCHEDULE, "planned", 1, "W01", None, None, INSPECTION, 103),
    (*RELEASED_SCHEDULE, "over", 8, "W01", date(2024, 9, 2), _PAST_DATE, INSPECTION, 104),
)
_RESULT_COLUMNS: Final = (
    "report_date sort_seq work_item_no contractor_code "
    "contract_no order_no planned_start_date "
    "points result work_description quantity unit_price amount"
)
_RESULTS: Final = (
    (_PAST_DATE, 1, 12, "W01", *RELEASED_SCHEDULE, *_INSPECTED),
    (BUSINESS_DATE, 1, 12, "W01", *PROBLEM_2_SCHEDULE, *_INSPECTED),
    (BUSINESS_DATE, 2, 24, "W02", *SHAKEN_SCHEDULE, *_TESTED),
    (BUSINESS_DATE, 2, 31, "W02", *SHAKEN_SCHEDULE, *_REFILLED),
)
_SHEETS: Final = ((1001, 48, 24), (1002, 60, 12), (1003, 36, 0), (1004, 24, 12))
_REPORT_COLUMNS: Final = (
    "customer_code report_line_no maintenance_class maintenance_start_date "
    "maintenance_end_date maintenance_description"
)
_REPORTS: Final = (
    ("C001", 1, INSPECTION, date(2024, 4, 8), date(2024, 4, 9), "half-yearly inspection"),
    ("C003", 1, INSPECTION, date(2024, 3, 4), date(2024, 3, 5), "half-yearly inspection"),
    ("C003", 2, INSPECTION, date(2024, 9, 2), date(2024, 9, 4), "yearly inspection"),
)
_RECORDS: Final = (
    (101, 1, date(2022, 7, 1), "registered", "registration"),
    (101, 2, date(2024, 4, 9), "completed", "inspection"),
    (102, 1, date(2022, 11, 1), "registered", "registration"),
    (103, 1, date(2020, 11, 16), "registered", "registration"),
    (103, 2, date(2023, 11, 16), "renamed", "change of name"),
    (104, 1, date(2023, 3, 1), "registered", "registration"),
    (104, 2, _PAST_DATE, "completed", "inspection"),
)


def rows() -> Rows:
    """Return the fixture: for every table its rows, a fresh copy on each call.

    The work tables are empty, as they are at the end of an online day.
    """
    schedules = _named(_SCHEDULE_COLUMNS, _SCHEDULES)
    results = _named(_RESULT_COLUMNS, _RESULTS)
    records = _named("vehicle_no record_no record_date result description", _RECORDS)
    return {
        "customer": _named("customer_code customer_name", _CUSTOMERS),
        "contractor": _named("contractor_code contractor_name address", _CONTRACTORS),
        "vehicle": _named(_VEHICLE_COLUMNS, _VEHICLES),
        "contract": _named(_CONTRACT_COLUMNS, _CONTRACTS),
        "maintenance_order": _named(_ORDER_COLUMNS, _ORDERS),
        "maintenance_schedule": schedules,
        "progress": [row for schedule in schedules for row in progress_of(schedule)],
        "work_result": [
            row | {"received_at": datetime.combine(row["report_date"], time(11, 40))}
            for row in results
        ],
        "inspection_sheet": _named("contract_no planned_points actual_points", _SHEETS),
        "customer_report": _named(_REPORT_COLUMNS, _REPORTS),
        "vehicle_record": [
            row | {"recorded_at": datetime.combine(row["record_date"], time(21))} for row in records
        ],
        "wk1": [],
        "wk2": [],
        "batch_run": [],
    }


def problem_2_rows() -> Rows:
    """Return the fixture with exactly one work result: the inspection of exam problem 2.

    Progress update then has a single row to take over, which keeps an exhaustive exploration
    of it short.
    """
    everything = rows()
    everything["work_result"] = [
        row
        for row in everything["work_result"]
        if row["report_date"] == BUSINESS_DATE and _schedule_key(row) == PROBLEM_2_SCHEDULE
    ]
    return everything


def load(connection: Connection, content: Mapping[str, Sequence[Row]] | None = None) -> None:
    """Insert `content` (by default `rows()`) into empty tables. Does not commit."""
    content = rows() if content is None else content
    for table in metadata.sorted_tables:
        if content[table.name]:
            connection.execute(table.insert(), content[table.name])


def progress_of(schedule: Row) -> list[Row]:
    """Return the progress rows which bring a schedule to where it stands: 1 up to the current.

    The two bookings plan a date each: intake on the planned start, release two days later.
    """
    start: date = schedule["planned_start_date"]
    return [
        {
            "contract_no": schedule["contract_no"],
            "order_no": schedule["order_no"],
            "planned_start_date": start,
            "arrangement_no": number,
            "planned_intake_date": start if number == INTAKE_BOOKING else None,
            "planned_release_date": (
                start + timedelta(days=2) if number == RELEASE_BOOKING else None
            ),
        }
        for number in range(1, schedule["current_arrangement_no"] + 1)
    ]


def _schedule_key(row: Row) -> ScheduleKey:
    return ScheduleKey(row["contract_no"], row["order_no"], row["planned_start_date"])


def _named(columns: str, lines: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Turn lines of values into rows.

    >>> _named("contract_no order_no", [(1001, 1), (1001, 2)])
    [{'contract_no': 1001, 'order_no': 1}, {'contract_no': 1001, 'order_no': 2}]
    """
    return [dict(zip(columns.split(), line, strict=True)) for line in lines]
