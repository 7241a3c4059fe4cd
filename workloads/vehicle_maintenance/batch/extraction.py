"""The extractions (点検抽出, 車検抽出1, 車検抽出2): which vehicles are due for maintenance.

Exam table 3. Each finds its rows and adds them to a work table (WK1, WK2) by one statement, and
commits at the end. The work tables are redefined, that is empty, before each night; a run on a
table that holds the same vehicles already is refused by its key.

Table 4, with the open reads chosen: inspection extraction reads 契約, 受託 and 車両; shaken
extraction 1 reads 契約 and 車両; shaken extraction 2 reads 受託, 車両, 予定表 and WK2.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    String,
    and_,
    exists,
    func,
    insert,
    literal,
    select,
)

from schema.vehicle_maintenance import (
    contract,
    maintenance_order,
    maintenance_schedule,
    vehicle,
    wk1,
    wk2,
)
from schema.vehicle_maintenance.vocabulary import INSPECTION, RELEASE, RETIRED, SHAKEN


@dataclass(frozen=True, slots=True)
class ExtractionRequest:
    """Extract what falls due in this period, both ends included."""

    first_due_date: date
    last_due_date: date


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """How many rows were added to the work table."""

    extracted_rows: int


def inspection_extraction(connection: Connection, request: ExtractionRequest) -> ExtractionResult:
    """Add to WK1 the vehicles whose inspection falls due (点検抽出), with one commit at the end.

    Running it again is right if the first run did not come to its commit; after the commit it is
    refused until WK1 is redefined.

    Raises:
        sqlalchemy.exc.IntegrityError: a vehicle is in WK1 already. As after any error of the
            server, rolling back is left to the caller.
    """
    due = vehicle.c.next_inspection_due_date
    order = maintenance_order.c
    rows = (
        select(
            vehicle.c.vehicle_no,
            literal(INSPECTION, String),
            contract.c.contract_no,
            func.min(order.order_no),
            due,
        )
        .select_from(vehicle.join(contract, _leased_on(due)).join(maintenance_order))
        .where(
            _in_period(due, request),
            vehicle.c.maintenance_status != RETIRED,
            order.maintenance_class == INSPECTION,
            due.between(order.order_start_date, order.order_end_date),
        )
        .group_by(vehicle.c.vehicle_no, contract.c.contract_no, due)
    )
    return _add(connection, insert(wk1).from_select(_WK1, rows))


def shaken_extraction_1(connection: Connection, request: ExtractionRequest) -> ExtractionResult:
    """Add to WK2 the vehicles whose shaken expires (車検抽出1), with one commit at the end.

    Running it again is right if the first run did not come to its commit; after the commit it is
    refused until WK2 is redefined.

    Raises:
        sqlalchemy.exc.IntegrityError: a vehicle is in WK2 already. As after any error of the
            server, rolling back is left to the caller.
    """
    due = vehicle.c.shaken_expiry_date
    rows = (
        select(vehicle.c.vehicle_no, contract.c.contract_no, due)
        .select_from(vehicle.join(contract, _leased_on(due)))
        .where(_in_period(due, request))
    )
    return _add(
        connection,
        insert(wk2).from_select([wk2.c.vehicle_no, wk2.c.contract_no, wk2.c.due_date], rows),
    )


def shaken_extraction_2(connection: Connection) -> ExtractionResult:
    """Add to WK1 those of WK2 that need a shaken (車検抽出2), with one commit at the end.

    None is needed where one is under way (車検による修理中), where the vehicle has been retired or
    has meanwhile another expiry date, and where the customer has ordered none.

    Running it again is right if the first run did not come to its commit; after the commit it is
    refused until WK1 is redefined.

    Raises:
        sqlalchemy.exc.IntegrityError: a vehicle's shaken is in WK1 already. As after any error
            of the server, rolling back is left to the caller.
    """
    order = maintenance_order.c
    ordered = and_(
        order.contract_no == wk2.c.contract_no,
        order.maintenance_class == SHAKEN,
        wk2.c.due_date.between(order.order_start_date, order.order_end_date),
    )
    rows = (
        select(
            wk2.c.vehicle_no,
            literal(SHAKEN, String),
            wk2.c.contract_no,
            func.min(order.order_no),
            wk2.c.due_date,
        )
        .select_from(
            wk2.join(vehicle, vehicle.c.vehicle_no == wk2.c.vehicle_no).join(
                maintenance_order, ordered
            )
        )
        .where(
            vehicle.c.maintenance_status != RETIRED,
            vehicle.c.shaken_expiry_date == wk2.c.due_date,
            ~_shaken_under_way(),
        )
        .group_by(wk2.c.vehicle_no, wk2.c.contract_no, wk2.c.due_date)
    )
    return _add(connection, insert(wk1).from_select(_WK1, rows))


_WK1 = [
    wk1.c.vehicle_no,
    wk1.c.maintenance_class,
    wk1.c.contract_no,
    wk1.c.order_no,
    wk1.c.due_date,
]


def _add(connection: Connection, statement: Insert) -> ExtractionResult:
    # Without the option some drivers have forgotten the number once the statement is done.
    told = connection.execute(statement, execution_options={"preserve_rowcount": True})
    added = told.rowcount
    connection.commit()
    return ExtractionResult(added)


def _in_period(due: ColumnElement[date], request: ExtractionRequest) -> ColumnElement[bool]:
    return due.between(request.first_due_date, request.last_due_date)


def _leased_on(due: ColumnElement[date]) -> ColumnElement[bool]:
    """The contract under which the vehicle is leased on that day; there is at most one."""
    return and_(
        contract.c.vehicle_no == vehicle.c.vehicle_no,
        due.between(contract.c.start_date, contract.c.end_date),
    )


def _shaken_under_way() -> ColumnElement[bool]:
    """A shaken of the vehicle is planned or at work, and the vehicle has not been released."""
    s = maintenance_schedule.c
    return exists().where(
        s.vehicle_no == wk2.c.vehicle_no,
        s.maintenance_class == SHAKEN,
        s.current_arrangement_no < RELEASE,
    )
