"""Vehicle registration (車両登録): add a vehicle, or change one.

Exam table 2: for each vehicle, add or update a row of 車両; when it is added, update the vehicle
of the 契約 it was bought for, and add a row to 記録簿. Table 4 lets the program read nothing, so
what a statement finds is told by how many rows it changed. One request is one transaction,
committed at its end.
"""

from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection, insert, update

from schema.vehicle_maintenance import contract, vehicle, vehicle_record
from workloads.vehicle_maintenance.refusals import ContractNotFoundError, VehicleNotFoundError


@dataclass(frozen=True, slots=True)
class VehicleDetails:
    """What is known of a vehicle when it is bought, column by column."""

    maker_name: str
    model_name: str
    grade_name: str
    maker_model_code: str
    maintenance_status: str
    chassis_no: str
    vehicle_use: str
    seating_capacity: int
    load_kg_max: int
    next_inspection_due_date: date
    shaken_expiry_date: date


@dataclass(frozen=True, slots=True)
class NewVehicle:
    """A vehicle to add, and the contract for which it was bought."""

    vehicle_no: int
    contract_no: int
    registered_date: date
    details: VehicleDetails


@dataclass(frozen=True, slots=True)
class VehicleChange:
    """A vehicle to change: what is given is set, what is None stays.

    The shaken expiry date is not among it: progress update (進捗更新) moves that one on.
    """

    vehicle_no: int
    maintenance_status: str | None = None
    vehicle_use: str | None = None
    seating_capacity: int | None = None
    load_kg_max: int | None = None
    next_inspection_due_date: date | None = None


@dataclass(frozen=True, slots=True)
class VehicleResult:
    """What the clerk sees: whether a vehicle was added, or one changed."""

    added: bool


def vehicle_registration(
    connection: Connection, request: NewVehicle | VehicleChange
) -> VehicleResult:
    """Add or change one vehicle, with one commit at the end.

    Running it again is right for a change, which sets the same values once more. For a new
    vehicle it is refused: the number is taken.

    Raises:
        ContractNotFoundError: there is no such contract, or it has a vehicle; rolled back.
        VehicleNotFoundError: there is no such vehicle to change; rolled back.
        ValueError: a change that changes nothing; the server was not asked.
        sqlalchemy.exc.IntegrityError: the vehicle number is taken. As after any error of the
            server, rolling back is left to the caller.
    """
    if isinstance(request, NewVehicle):
        _add(connection, request)
    else:
        _change(connection, request)
    connection.commit()
    return VehicleResult(added=isinstance(request, NewVehicle))


def _add(connection: Connection, request: NewVehicle) -> None:
    connection.execute(
        insert(vehicle).values(vehicle_no=request.vehicle_no, **asdict(request.details))
    )
    _give_to_contract(connection, request)
    # A new vehicle has no records, so this is its first; the server's clock fills in the time.
    connection.execute(
        insert(vehicle_record).values(
            vehicle_no=request.vehicle_no,
            record_no=1,
            record_date=request.registered_date,
            result="registered",
            description="registration",
        )
    )


def _give_to_contract(connection: Connection, request: NewVehicle) -> None:
    """Set the vehicle of the contract, unless it has one: that would take it away unseen."""
    changed = connection.execute(
        update(contract)
        .where(contract.c.contract_no == request.contract_no, contract.c.vehicle_no.is_(None))
        .values(vehicle_no=request.vehicle_no)
    )
    if changed.rowcount == 0:
        connection.rollback()
        raise ContractNotFoundError(
            request.contract_no, "no such contract, or it has a vehicle already"
        )


def _change(connection: Connection, request: VehicleChange) -> None:
    new = {name: value for name, value in asdict(request).items() if value is not None}
    del new["vehicle_no"]
    if not new:
        raise ValueError(f"vehicle {request.vehicle_no}: the change names no value")
    changed = connection.execute(
        update(vehicle).where(vehicle.c.vehicle_no == request.vehicle_no).values(**new)
    )
    if changed.rowcount == 0:
        connection.rollback()
        raise VehicleNotFoundError(request.vehicle_no)
