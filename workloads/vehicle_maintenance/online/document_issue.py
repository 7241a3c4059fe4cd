"""Document issue (書類発行): make the document that tells a customer of planned maintenance.

Exam table 2: following 予定表, make the documents to be sent to the customer and add a row to 進捗.
It is the advance notice (事前案内), arrangement 1: schedule creation (予定表作成) makes a schedule
standing at 1 without a progress row, and this program must not update 予定表 (table 4).

Table 4 gives it `RRRRCR`; 予定表 R and 進捗 C are certain. We take the other four for 進捗 R, which
tells a document that was sent from one that was not, and 顧客, 契約 and 車両 R, from which it is
written. One request is one transaction, committed at its end.
"""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from schema.vehicle_maintenance import (
    ScheduleKey,
    belongs_to,
    contract,
    customer,
    maintenance_schedule,
    progress,
    vehicle,
)
from schema.vehicle_maintenance.vocabulary import ADVANCE_NOTICE
from workloads.vehicle_maintenance.online.reservation_registration import ScheduleNotFoundError


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """For which piece of maintenance."""

    schedule: ScheduleKey


@dataclass(frozen=True, slots=True)
class AdvanceNotice:
    """The document: to whom it goes, and what is going to be done to which vehicle when.

    `copy` says that the notice had been issued before.
    """

    customer_name: str
    contract_no: int
    model_name: str
    chassis_no: str
    maintenance_class: str
    planned_start_date: date
    copy: bool


def document_issue(connection: Connection, request: DocumentRequest) -> AdvanceNotice:
    """Issue the advance notice of one schedule, with one commit at the end.

    Running it again is right: the same document comes out, as a copy, and no row is added. So
    it is with two clerks at once: the key of 進捗 makes one of them the second.

    Raises:
        ScheduleNotFoundError: rolled back, nothing is issued. A contract that has no vehicle
            has no schedule either.
    """
    notice = _write(connection, request.schedule)
    copy = _issued(connection, request.schedule) or not _add_progress(connection, request.schedule)
    connection.commit()
    return replace(notice, copy=copy)


def _write(connection: Connection, key: ScheduleKey) -> AdvanceNotice:
    schedule = maintenance_schedule
    found = connection.execute(
        select(
            customer.c.customer_name,
            contract.c.contract_no,
            vehicle.c.model_name,
            vehicle.c.chassis_no,
            schedule.c.maintenance_class,
            schedule.c.planned_start_date,
        )
        .select_from(
            schedule.join(contract, contract.c.contract_no == schedule.c.contract_no)
            .join(customer)
            .join(vehicle, vehicle.c.vehicle_no == schedule.c.vehicle_no)
        )
        .where(belongs_to(schedule, key))
    ).one_or_none()
    if found is None:
        connection.rollback()
        raise ScheduleNotFoundError(key)
    return AdvanceNotice(*found, copy=False)


def _issued(connection: Connection, key: ScheduleKey) -> bool:
    row = connection.execute(
        select(progress.c.arrangement_no).where(
            belongs_to(progress, key), progress.c.arrangement_no == ADVANCE_NOTICE
        )
    ).one_or_none()
    return row is not None


def _add_progress(connection: Connection, key: ScheduleKey) -> bool:
    """Add the progress row of the notice; False if another clerk has added it meanwhile."""
    try:
        connection.execute(insert(progress).values(**key._asdict(), arrangement_no=ADVANCE_NOTICE))
    except IntegrityError:
        connection.rollback()
        return False
    return True
