"""When maintenance is planned to begin, and how months are counted."""

from datetime import date

import pytest

from workloads.vehicle_maintenance.batch.inspection_rate_update import InspectionRateRequest
from workloads.vehicle_maintenance.batch.schedule_creation import Extracted, planned_starts
from workloads.vehicle_maintenance.months import months_later


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 12, 31), 2, date(2025, 2, 28)),
        (date(2024, 12, 1), 1, date(2025, 1, 1)),
        (date(2024, 1, 1), -1, date(2023, 12, 1)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), -12, date(2023, 2, 28)),
        (date(2024, 5, 5), 0, date(2024, 5, 5)),
    ],
)
def test_months_later(day, months, later):
    assert months_later(day, months) == later


def starts(*rows):
    extracted = [
        Extracted(vehicle, due, maintenance_class, 1, 1, ordered=True)
        for vehicle, due, maintenance_class in rows
    ]
    return [start for _, start in planned_starts(extracted)]


def test_what_falls_due_within_thirty_days_shares_the_first_start():
    assert starts(
        (1, date(2024, 10, 31), "inspection"),
        (1, date(2024, 11, 30), "shaken"),
        (2, date(2024, 10, 31), "inspection"),
        (2, date(2024, 12, 1), "shaken"),
        (3, date(2024, 11, 30), "shaken"),
    ) == [
        date(2024, 10, 17),
        date(2024, 10, 17),
        date(2024, 10, 17),
        date(2024, 11, 15),  # 2024-11-17 is a Sunday
        date(2024, 11, 15),  # 2024-11-16 is a Saturday
    ]


def test_nothing_extracted_plans_nothing():
    assert starts() == []


def test_an_empty_range_is_no_job():
    with pytest.raises(ValueError, match="sort sequence 3 to 2: an empty range"):
        InspectionRateRequest(date(2024, 10, 15), 3, 2)
