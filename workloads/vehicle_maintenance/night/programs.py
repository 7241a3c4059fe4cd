"""The nine programs with a night's requests bound, on generated data of any size."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from harness.jobs.night import Prepared, Program
from schema.vehicle_maintenance.generator import generate
from schema.vehicle_maintenance.work_tables import WORK_TABLES
from schema.vehicle_maintenance.work_tables import redefine as redefine_tables
from workloads.vehicle_maintenance.batch.extraction import (
    ExtractionRequest,
    inspection_extraction,
    shaken_extraction_1,
    shaken_extraction_2,
)
from workloads.vehicle_maintenance.batch.inspection_rate_update import (
    InspectionRateRequest,
    inspection_rate_update,
)
from workloads.vehicle_maintenance.batch.progress_update import (
    ProgressUpdateRequest,
    progress_update,
)
from workloads.vehicle_maintenance.batch.received_file import read_reports
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
from workloads.vehicle_maintenance.night.evening import Evening, received_name
from workloads.vehicle_maintenance.refusals import AlreadyDoneError

# The generator's schedules reach this far ahead; what falls due later has not been planned.
PLANNED_DAYS: Final = 45
# Periods in which the generator's fleet gives about the exam's numbers of rows (table 3).
_INSPECTION_DAYS: Final = 90
_SHAKEN_DAYS: Final = 182
_REPORT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class NightRequests:
    """What the programs of one night are asked."""

    business_date: date
    folder: Path

    @property
    def received(self) -> Path:
        """The file that result registration reads."""
        return self.folder / received_name(self.business_date)

    def falling_due(self, days: int) -> ExtractionRequest:
        """What falls due in so many days, beginning behind what has been planned."""
        first = self.business_date + timedelta(days=PLANNED_DAYS + 1)
        return ExtractionRequest(first, first + timedelta(days=days - 1))

    def programs(self) -> Mapping[str, Program]:
        """The programs by name."""
        today, folder = self.business_date, self.folder
        ahead = today + timedelta(days=PLANNED_DAYS)
        return {
            "inspection_extraction": partial(
                inspection_extraction, request=self.falling_due(_INSPECTION_DAYS)
            ),
            "shaken_extraction_1": partial(
                shaken_extraction_1, request=self.falling_due(_SHAKEN_DAYS)
            ),
            "shaken_extraction_2": shaken_extraction_2,
            "result_registration": partial(
                result_registration, request=ResultRegistrationRequest(today, self.received)
            ),
            "schedule_creation": schedule_creation,
            "progress_update": partial(progress_update, request=ProgressUpdateRequest(today)),
            "request_creation": partial(
                request_creation, request=RequestCreationRequest(today, today, ahead, folder)
            ),
            "inspection_rate_update": self._update_rates,
            "report_creation": partial(
                report_creation,
                request=ReportCreationRequest(today + timedelta(days=_REPORT_DAYS)),
            ),
        }

    def written_files(self) -> Mapping[str, bytes]:
        """The request files (依頼データファイル), by name."""
        found = sorted(self.folder.glob(f"request_*_{self.business_date}.csv"))
        return {path.name: path.read_bytes() for path in found}

    def _update_rates(self, connection: Connection) -> object:
        # How many reports there are is known once the file has come: read when it runs.
        last = len(read_reports(self.received))
        return inspection_rate_update(
            connection, InspectionRateRequest(self.business_date, 1, last)
        )


def redefine(connection: Connection, tables: Collection[str]) -> None:
    """Drop work tables and create them again, by name.

    Raises:
        ValueError: a name is that of no work table.
    """
    known = {table.name: table for table in WORK_TABLES}
    for name in tables:
        if name not in known:
            raise ValueError(f"table '{name}': is no work table")
    redefine_tables(connection, [known[name] for name in tables])


def prepare(scale: float, seed: int, business_date: date, folder: Path) -> Prepared:
    """One night: `folder` gets the received file when the data are loaded, and the request files.

    Raises:
        ValueError: a value is out of bounds; the text says of which.
    """
    requests = NightRequests(business_date, folder)
    return Prepared(
        dataset=Evening(generate(scale, seed, business_date), requests.received),
        programs=requests.programs(),
        redefine=redefine,
        # A key that is there already refuses the extractions and schedule creation.
        already_done=(AlreadyDoneError, IntegrityError),
        written_files=requests.written_files,
    )
