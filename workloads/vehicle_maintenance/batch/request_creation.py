"""Request creation (依頼作成): write for each contractor the file that asks for maintenance.

Exam table 3: from 予定表 make the request files which ask the contractors to do the maintenance of
each vehicle. It adds and updates nothing; table 4 gives it `RRRR`, of which 予定表 R is certain. We
take the others for 委託先 (to whom), 受託 (what is ordered) and 車両 (which vehicle comes).

One CSV file for each contractor, in UTF-8, whose first line names the columns of `COLUMNS`:
`request_<contractor>_<business date>.csv`.
"""

import csv
import os
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, and_, select

from schema.vehicle_maintenance import (
    contractor,
    maintenance_order,
    maintenance_schedule,
    vehicle,
)
from schema.vehicle_maintenance.vocabulary import INTAKE_BOOKING

# What a contractor must know to take a vehicle in, in the order of the file.
_SHOWN = (
    contractor.c.contractor_code,
    contractor.c.contractor_name,
    contractor.c.address,
    maintenance_schedule.c.contract_no,
    maintenance_schedule.c.order_no,
    maintenance_schedule.c.planned_start_date,
    maintenance_order.c.maintenance_class,
    vehicle.c.vehicle_no,
    vehicle.c.maker_name,
    vehicle.c.model_name,
    vehicle.c.maker_model_code,
    vehicle.c.chassis_no,
)
COLUMNS = tuple(column.name for column in _SHOWN)


@dataclass(frozen=True, slots=True)
class RequestCreationRequest:
    """Ask for what is planned to start in this period, both ends included.

    `folder` must exist; `business_date` goes into the names of the files.
    """

    business_date: date
    first_start_date: date
    last_start_date: date
    folder: Path


@dataclass(frozen=True, slots=True)
class RequestCreationResult:
    """The files, by name, and how many pieces of maintenance they ask for."""

    files: tuple[str, ...]
    requests: int


def request_creation(
    connection: Connection, request: RequestCreationRequest
) -> RequestCreationResult:
    """Write the request files of one business date; the transaction only reads.

    Asked for is what stands at its intake booking (arrangement 2): the next thing to be done is
    the contractor's arrangement.

    Running it again is right: it writes all files of the business date again, each entirely or
    not at all, and removes those of contractors that are no longer asked.

    Raises:
        OSError: a file cannot be written. Files that were written before it stay.
    """
    rows = _read_requests(connection, request)
    connection.commit()
    names = []
    for code, of_contractor in groupby(rows, key=lambda row: str(row[0])):
        names.append(_name(code, request.business_date))
        _write(request.folder / names[-1], list(of_contractor))
    _remove_others(request, names)
    return RequestCreationResult(tuple(names), len(rows))


def _read_requests(
    connection: Connection, request: RequestCreationRequest
) -> list[tuple[Any, ...]]:
    s = maintenance_schedule.c
    ordered = and_(
        maintenance_order.c.contract_no == s.contract_no,
        maintenance_order.c.order_no == s.order_no,
    )
    found = connection.execute(
        select(*_SHOWN)
        .select_from(
            maintenance_schedule.join(contractor)
            .join(maintenance_order, ordered)
            .join(vehicle, vehicle.c.vehicle_no == s.vehicle_no)
        )
        .where(
            s.planned_start_date.between(request.first_start_date, request.last_start_date),
            s.current_arrangement_no == INTAKE_BOOKING,
        )
        .order_by(s.contractor_code, s.planned_start_date, s.contract_no, s.order_no)
    )
    return [tuple(row) for row in found]


def _name(contractor_code: str, business_date: date) -> str:
    """A file's name; what a code may hold and a name may not is written as a URL writes it."""
    return f"request_{quote(contractor_code, safe='')}_{business_date}.csv"


def _write(path: Path, rows: list[tuple[Any, ...]]) -> None:
    """Write a file under another name, and give it its own once it is on the disk whole."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _remove_others(request: RequestCreationRequest, names: list[str]) -> None:
    """Remove what an earlier run for the same business date left: it would be sent as well."""
    written = f"request_*_{request.business_date}.csv"
    for pattern in (written, f".{written}.unfinished"):
        for path in request.folder.glob(pattern):
            if path.name not in names:
                path.unlink()
