"""Schedule creation (予定表作成): plan the maintenance of the vehicles that were extracted.

Exam table 3: for the extracted vehicles decide the contractor (委託先), the start date and so on,
and add rows to 予定表. Classes of maintenance that fall due together are planned for the same day
(exam, overview (5)). One commit at the end.

Table 4 gives it `RRRCR`; 予定表 C and WK1 R are certain. We take the three reads for 委託先, for
契約 (has it still the vehicle?) and for 受託 (is the class still ordered?).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, and_, insert, select

from schema.vehicle_maintenance import (
    contract,
    contractor,
    maintenance_order,
    maintenance_schedule,
    wk1,
)
from schema.vehicle_maintenance.vocabulary import ADVANCE_NOTICE, PLANNED
from workloads.vehicle_maintenance.refusals import NotRegisteredError

# Maintenance is planned to begin so long before it is due: time for the workshop and for a delay,
# and within the month before the expiry in which a shaken costs the customer no validity.
LEAD_DAYS = 14

# What falls due within so many days of the vehicle's first due date is done in the same stay.
TOGETHER_DAYS = 30


@dataclass(frozen=True, slots=True)
class ScheduleCreationResult:
    """How many rows of WK1 were planned, and how many left out as no longer ordered."""

    planned_rows: int
    left_out_rows: int


class NoContractorError(NotRegisteredError):
    """There is no contractor (委託先) to plan with; nothing is planned."""

    def __init__(self) -> None:
        super().__init__("contractor: the table is empty, so nothing can be planned")


class Extracted(NamedTuple):
    """One row of WK1; `ordered` says that the contract and the order still call for it."""

    vehicle_no: int
    due_date: date
    maintenance_class: str
    contract_no: int
    order_no: int
    ordered: bool


def schedule_creation(connection: Connection) -> ScheduleCreationResult:
    """Plan everything in WK1, with one commit at the end.

    Running it again is right if the first run did not come to its commit. After the commit it is
    refused: the same rows of WK1 give the same keys, as no plan depends on the day of the run.

    Raises:
        NoContractorError: rolled back, nothing is planned.
        sqlalchemy.exc.IntegrityError: a row is planned already. As after any error of the
            server, rolling back is left to the caller.
    """
    codes = _read_contractors(connection)
    extracted = _read_extracted(connection)
    if not codes and extracted:
        connection.rollback()
        raise NoContractorError
    wanted = [row for row in extracted if row.ordered]
    planned = [
        {
            "contract_no": row.contract_no,
            "order_no": row.order_no,
            "planned_start_date": start,
            "schedule_status": PLANNED,
            "current_arrangement_no": ADVANCE_NOTICE,
            # Always the same contractor for a vehicle, so that one stay can serve all classes.
            "contractor_code": codes[row.vehicle_no % len(codes)],
            "start_date": start,
            "maintenance_class": row.maintenance_class,
            "vehicle_no": row.vehicle_no,
        }
        for row, start in planned_starts(wanted)
    ]
    if planned:
        connection.execute(insert(maintenance_schedule), planned)
    connection.commit()
    return ScheduleCreationResult(len(planned), len(extracted) - len(planned))


def planned_starts(rows: Sequence[Extracted]) -> Iterator[tuple[Extracted, date]]:
    """Give each row the day on which its maintenance begins.

    Expects each vehicle's rows together and in the order of their due dates.
    """
    for _, of_vehicle in groupby(rows, key=lambda row: row.vehicle_no):
        first_due = date.min
        for row in of_vehicle:
            if row.due_date - first_due > timedelta(days=TOGETHER_DAYS):
                first_due = row.due_date
            yield row, weekday_not_after(first_due - timedelta(days=LEAD_DAYS))


def weekday_not_after(day: date) -> date:
    """The day itself, or the Friday before where it is a weekend's.

    >>> weekday_not_after(date(2024, 10, 20)), weekday_not_after(date(2024, 10, 21))
    (datetime.date(2024, 10, 18), datetime.date(2024, 10, 21))
    """
    return day - timedelta(days=max(0, day.weekday() - 4))


def _read_contractors(connection: Connection) -> list[str]:
    found = connection.execute(
        select(contractor.c.contractor_code).order_by(contractor.c.contractor_code)
    )
    return [code for (code,) in found]


def _read_extracted(connection: Connection) -> list[Extracted]:
    """Read WK1 vehicle by vehicle, each with what has become of its contract and its order."""
    leased = and_(
        contract.c.contract_no == wk1.c.contract_no, contract.c.vehicle_no == wk1.c.vehicle_no
    )
    ordered = and_(
        maintenance_order.c.contract_no == contract.c.contract_no,
        maintenance_order.c.order_no == wk1.c.order_no,
        maintenance_order.c.maintenance_class == wk1.c.maintenance_class,
    )
    found = connection.execute(
        select(
            wk1.c.vehicle_no,
            wk1.c.due_date,
            wk1.c.maintenance_class,
            wk1.c.contract_no,
            wk1.c.order_no,
            maintenance_order.c.order_no.is_not(None),
        )
        .select_from(wk1.outerjoin(contract, leased).outerjoin(maintenance_order, ordered))
        .order_by(wk1.c.vehicle_no, wk1.c.due_date, wk1.c.maintenance_class)
    )
    return [Extracted(*row) for row in found]
