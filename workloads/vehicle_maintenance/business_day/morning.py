"""From freshly loaded data to the morning of the business date, and what the day has to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from sqlalchemy import Connection

from harness.replay.day import Circumstances, Job, Prepared, Stage
from schema.vehicle_maintenance import wk1, wk2
from workloads.vehicle_maintenance.batch import extraction
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
from workloads.vehicle_maintenance.business_day.reports import (
    reported_range,
    write_received_file,
)
from workloads.vehicle_maintenance.business_day.requests import all_requests
from workloads.vehicle_maintenance.table_4 import TITLES

# The generator plans what falls due within 45 days: the first day that is not planned.
_UNPLANNED_DAYS = 46
# So many days of due dates give the exam's numbers: about 20,000 schedules from last night; 30,000
# inspections and as many shakens tonight. What falls due is spread evenly over its period.
_LAST_NIGHT_DAYS = 45
_INSPECTION_DAYS = 79
_SHAKEN_DAYS = 200
# As are the days on which reports are due: 20,000 within so many.
_REPORT_DAYS = 20
_REQUEST_DAYS = 30
_RATE_JOBS = 2


def prepare(connection: Connection, circumstances: Circumstances) -> Prepared:
    """Run last night's planning, redefine the work tables, and draw the day's requests.

    Raises:
        ValueError: the database is too small to have something for every program.
    """
    today = circumstances.business_date
    coming = _period(today, _UNPLANNED_DAYS, _LAST_NIGHT_DAYS)
    extraction.inspection_extraction(connection, coming)
    extraction.shaken_extraction_1(connection, coming)
    extraction.shaken_extraction_2(connection)
    schedule_creation(connection)
    for table in (wk1, wk2):
        table.drop(connection)
        table.create(connection)
    connection.commit()
    requests = all_requests(connection, circumstances)
    stages = _stages(connection, circumstances)
    connection.commit()
    return Prepared(requests, stages)


def _period(today: date, first: int, days: int) -> extraction.ExtractionRequest:
    start = today + timedelta(days=first)
    return extraction.ExtractionRequest(start, start + timedelta(days=days - 1))


def _stages(connection: Connection, circumstances: Circumstances) -> Sequence[Stage]:
    """The batch in the order of exam table 3; inspection rate update as two jobs at once."""
    today = circumstances.business_date
    tonight = _UNPLANNED_DAYS + _LAST_NIGHT_DAYS
    tomorrow = today + timedelta(days=1)
    received = write_received_file(connection, circumstances, tomorrow)
    inspections = _period(today, tonight, _INSPECTION_DAYS)
    shakens = _period(today, tonight, _SHAKEN_DAYS)
    asked = RequestCreationRequest(
        today, tomorrow, today + timedelta(days=_REQUEST_DAYS), circumstances.folder
    )
    due = ReportCreationRequest(today + timedelta(days=_REPORT_DAYS))
    registered = ResultRegistrationRequest(tomorrow, received)
    ranges = _ranges(today, reported_range(connection, today))
    return (
        [_job("result_registration", partial(result_registration, request=registered))],
        [_job("report_creation", partial(report_creation, request=due))],
        [
            _job(
                "inspection_extraction",
                partial(extraction.inspection_extraction, request=inspections),
            )
        ],
        [_job("shaken_extraction_1", partial(extraction.shaken_extraction_1, request=shakens))],
        [_job("shaken_extraction_2", extraction.shaken_extraction_2)],
        [_job("schedule_creation", schedule_creation)],
        [
            _job(
                "progress_update",
                partial(progress_update, request=ProgressUpdateRequest(today)),
            )
        ],
        [_job("request_creation", partial(request_creation, request=asked))],
        [
            _job("inspection_rate_update", partial(inspection_rate_update, request=request))
            for request in ranges
        ],
    )


def _job(name: str, run: partial[object] | object) -> Job:
    return Job(name, TITLES[name], run)  # type: ignore[arg-type]


def _ranges(today: date, numbers: tuple[int, int]) -> list[InspectionRateRequest]:
    """The day's sort sequence numbers in as many ranges as there are jobs."""
    first, last = numbers
    size = -(-(last - first + 1) // _RATE_JOBS)
    return [
        InspectionRateRequest(today, start, min(last, start + size - 1))
        for start in range(first, last + 1, size)
    ]
