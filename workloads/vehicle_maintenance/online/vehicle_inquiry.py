"""Vehicle inquiry (車両照会): show everything that is recorded about a vehicle.

Exam table 2: show all records of the named vehicle from 車両, 契約, 受託, 記録簿 and so on. Table 4
gives it eight reads and no write; which eight is not certain, and these are the tables that a
vehicle leads to: 契約, 受託, 車両, 予定表, 進捗, 実施結果, 点検表 and 記録簿.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, Select, Table, select

from schema.vehicle_maintenance import (
    contract,
    inspection_sheet,
    maintenance_order,
    maintenance_schedule,
    progress,
    vehicle,
    vehicle_record,
    work_result,
)
from workloads.vehicle_maintenance.refusals import VehicleNotFoundError

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class VehicleInquiryRequest:
    """Which vehicle to show."""

    vehicle_no: int


@dataclass(frozen=True, slots=True)
class VehicleInquiryResult:
    """What the clerk sees: rows by column name, in the order of their keys.

    Without the two times that a clock fills in: they are kept for the audit, not shown.
    """

    vehicle: Row
    contracts: tuple[Row, ...]
    orders: tuple[Row, ...]
    schedules: tuple[Row, ...]
    progress: tuple[Row, ...]
    results: tuple[Row, ...]
    sheets: tuple[Row, ...]
    records: tuple[Row, ...]


def vehicle_inquiry(connection: Connection, request: VehicleInquiryRequest) -> VehicleInquiryResult:
    """Read the eight tables, one after the other; changes nothing, so it can always run again.

    Raises:
        VehicleNotFoundError: there is no such vehicle.
    """
    of_vehicle = vehicle.c.vehicle_no == request.vehicle_no
    found = _read(connection, _shown(vehicle).where(of_vehicle))
    if not found:
        connection.rollback()
        raise VehicleNotFoundError(request.vehicle_no)
    leased = _read(connection, _shown(contract).where(contract.c.vehicle_no == request.vehicle_no))
    contract_nos = [row["contract_no"] for row in leased]
    planned = maintenance_schedule.c.vehicle_no == request.vehicle_no
    result = VehicleInquiryResult(
        found[0],
        leased,
        _read(connection, _of_contracts(maintenance_order, contract_nos)),
        _read(connection, _shown(maintenance_schedule).where(planned)),
        _read(connection, _of_schedules(progress).where(planned)),
        _read(connection, _of_schedules(work_result).where(planned)),
        _read(connection, _of_contracts(inspection_sheet, contract_nos)),
        _read(
            connection,
            _shown(vehicle_record).where(vehicle_record.c.vehicle_no == request.vehicle_no),
        ),
    )
    connection.commit()
    return result


def _shown(table: Table) -> Select[tuple[object, ...]]:
    """All that is shown of a table's rows."""
    return select(*(c for c in table.columns if "filled_by" not in c.info)).order_by(
        *table.primary_key
    )


def _of_contracts(table: Table, contract_nos: list[object]) -> Select[tuple[object, ...]]:
    return _shown(table).where(table.c.contract_no.in_(contract_nos))


def _of_schedules(table: Table) -> Select[tuple[object, ...]]:
    return _shown(table).join(maintenance_schedule)


def _read(connection: Connection, rows: Select[tuple[object, ...]]) -> tuple[Row, ...]:
    return tuple({**row} for row in connection.execute(rows).mappings())
