"""The day's requests: drawn by lot from what is in the tables, the same for the same seed.

Each list has a few requests more than the day's number (`SPARE`), for measurements afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, and_, exists, func, select

from harness.replay.day import SPARE, Circumstances
from schema.vehicle_maintenance import (
    ScheduleKey,
    contract,
    customer,
    maintenance_order,
    maintenance_schedule,
    progress,
    vehicle,
)
from schema.vehicle_maintenance.vocabulary import (
    ADVANCE_NOTICE,
    COMPLETION_SCHEDULE_CONFIRMED,
    INSPECTION,
    INTAKE_BOOKING,
    RELEASE,
    RELEASE_BOOKING,
    SHAKEN,
)
from workloads.vehicle_maintenance.online.contract_registration import (
    ContractChange,
    NewContract,
    OrderTerms,
)
from workloads.vehicle_maintenance.online.document_issue import DocumentRequest
from workloads.vehicle_maintenance.online.reservation_registration import ReservationRequest
from workloads.vehicle_maintenance.online.vehicle_inquiry import VehicleInquiryRequest
from workloads.vehicle_maintenance.online.vehicle_registration import (
    NewVehicle,
    VehicleChange,
    VehicleDetails,
)

_Thing = TypeVar("_Thing")

SHARES: Final[Mapping[str, float]] = {
    "contract_registration": 1 / 3,
    "vehicle_registration": 5 / 6,
    "reservation_registration": 0.4,
}
"""Which part of a program's requests is for a new contract, a new vehicle, an intake; from the
exam's rows, see the package's text."""

# Clerks mostly look at vehicles about which something is going on.
_INQUIRIES_OF_OPEN: Final = 0.7

_YEARS: Final = 5


def all_requests(
    connection: Connection, circumstances: Circumstances
) -> Mapping[str, Sequence[Any]]:
    """For each online program its requests.

    Raises:
        ValueError: the database has nothing for some program.
    """
    documents, intakes = _notices(connection, circumstances)
    return {
        "contract_registration": _contracts(connection, circumstances),
        "vehicle_registration": _vehicles(connection, circumstances),
        "vehicle_inquiry": _inquiries(connection, circumstances),
        "document_issue": documents,
        "reservation_registration": _reservations(connection, circumstances, intakes),
    }


class _Lots:
    """Lots for one kind of request; only `Random.random` is drawn from, which Python keeps."""

    def __init__(self, circumstances: Circumstances, kind: str) -> None:
        self.draw = Random(f"{circumstances.seed} {kind}").random

    def shuffled(self, things: Sequence[_Thing]) -> list[_Thing]:
        """In another order."""
        return [thing for _, _, thing in sorted((self.draw(), n, t) for n, t in enumerate(things))]

    def one_of(self, things: Sequence[_Thing]) -> _Thing:
        """One, each with equal chance."""
        return things[int(self.draw() * len(things))]


def _number(circumstances: Circumstances, daily: int) -> range:
    return range(circumstances.of_day(daily) + SPARE)


def _some(found: Sequence[_Thing], what: str) -> Sequence[_Thing]:
    if not found:
        raise ValueError(f"there are no {what}")
    return found


def _contracts(connection: Connection, circumstances: Circumstances) -> list[Any]:
    lots, today = _Lots(circumstances, "contracts"), circumstances.business_date
    c, o = contract.c, maintenance_order.c
    codes = [
        code
        for (code,) in connection.execute(
            select(customer.c.customer_code).order_by(customer.c.customer_code)
        )
    ]
    orders = connection.execute(
        select(
            o.contract_no,
            c.contract_type,
            c.end_date,
            o.order_no,
            o.maintenance_class,
            o.order_start_date,
            o.order_end_date,
            o.report_interval_months,
        )
        .join(contract)
        .order_by(o.contract_no, o.order_no)
    ).all()
    next_no = int(connection.scalar(select(func.max(c.contract_no))) or 0)
    _some(codes, "customers")
    _some(orders, "maintenance orders")
    found: list[Any] = []
    for _ in _number(circumstances, 7_500):
        if lots.draw() < SHARES["contract_registration"]:
            next_no += 1
            found.append(_new_contract(next_no, lots.one_of(codes), today))
        else:
            contract_no, kind, end, *order = lots.one_of(orders)
            found.append(ContractChange(contract_no, kind, end, (OrderTerms(*order),)))
    return found


def _new_contract(contract_no: int, customer_code: str, today: date) -> NewContract:
    lease = (today, today + timedelta(days=365 * _YEARS - 1))
    orders = (OrderTerms(1, SHAKEN, *lease, 12), OrderTerms(2, INSPECTION, *lease, 6))
    return NewContract(contract_no, customer_code, "new lease", *lease, orders, planned_points=120)


def _vehicles(connection: Connection, circumstances: Circumstances) -> list[Any]:
    lots, today = _Lots(circumstances, "vehicles"), circumstances.business_date
    c = contract.c
    waiting = iter(
        [
            number
            for (number,) in connection.execute(
                select(c.contract_no).where(c.vehicle_no.is_(None)).order_by(c.contract_no)
            )
        ]
    )
    numbers = _vehicle_nos(connection)
    next_no = numbers[-1]
    found: list[Any] = []
    for _ in _number(circumstances, 6_000):
        contract_no = next(waiting, None) if lots.draw() < SHARES["vehicle_registration"] else None
        if contract_no is None:
            found.append(VehicleChange(lots.one_of(numbers), vehicle_use="sales"))
        else:
            next_no += 1
            found.append(NewVehicle(next_no, contract_no, today, _details(next_no, today)))
    return found


def _vehicle_nos(connection: Connection) -> Sequence[int]:
    v = vehicle.c.vehicle_no
    return _some([number for (number,) in connection.execute(select(v).order_by(v))], "vehicles")


def _details(vehicle_no: int, today: date) -> VehicleDetails:
    return VehicleDetails(
        "Kita",
        "Saloon",
        "S",
        "KS-03",
        "in use",
        f"KS-03-{vehicle_no}",
        "saloon",
        5,
        0,
        today + timedelta(days=365),
        today + timedelta(days=2 * 365),
    )


def _inquiries(connection: Connection, circumstances: Circumstances) -> list[Any]:
    lots = _Lots(circumstances, "inquiries")
    s = maintenance_schedule.c
    every = _vehicle_nos(connection)
    going_on = [
        number
        for (number,) in connection.execute(
            select(s.vehicle_no)
            .where(s.current_arrangement_no < RELEASE)
            .distinct()
            .order_by(s.vehicle_no)
        )
    ]
    _some(going_on, "schedules under way")
    return [
        VehicleInquiryRequest(lots.one_of(going_on if lots.draw() < _INQUIRIES_OF_OPEN else every))
        for _ in _number(circumstances, 10_000)
    ]


def _notices(
    connection: Connection, circumstances: Circumstances
) -> tuple[list[Any], Iterator[ScheduleKey]]:
    """The documents to be issued; and the schedules of which the intake can be booked."""
    lots = _Lots(circumstances, "notices")
    standing = _standing_at(connection, ADVANCE_NOTICE)
    told = lots.shuffled([key for key, notified in standing if notified])
    untold = lots.shuffled([key for key, notified in standing if not notified])
    number = len(_number(circumstances, 10_000))
    documents = [DocumentRequest(key) for key in untold[:number]]
    return documents, iter([*told, *untold[number:]])


def _standing_at(connection: Connection, arrangement_no: int) -> list[tuple[ScheduleKey, bool]]:
    """The schedules that stand there, each with whether it has the progress row of that."""
    s, p = maintenance_schedule.c, progress.c
    recorded = exists().where(
        and_(
            p.contract_no == s.contract_no,
            p.order_no == s.order_no,
            p.planned_start_date == s.planned_start_date,
            p.arrangement_no == arrangement_no,
        )
    )
    found = connection.execute(
        select(s.contract_no, s.order_no, s.planned_start_date, recorded)
        .where(s.current_arrangement_no == arrangement_no)
        .order_by(s.contract_no, s.order_no, s.planned_start_date)
    )
    return [(ScheduleKey(*key), bool(there)) for *key, there in found]


def _reservations(
    connection: Connection, circumstances: Circumstances, intakes: Iterator[ScheduleKey]
) -> list[Any]:
    """Bookings of an intake, and of the release of what is nearly done; each schedule once."""
    lots = _Lots(circumstances, "reservations")
    standing = _standing_at(connection, COMPLETION_SCHEDULE_CONFIRMED)
    releases = iter(lots.shuffled([key for key, _ in standing]))
    found: list[Any] = []
    for _ in _number(circumstances, 10_000):
        first, second = (
            (intakes, releases)
            if lots.draw() < SHARES["reservation_registration"]
            else (releases, intakes)
        )
        key = next(first, None)
        booked = first
        if key is None:
            key, booked = next(second, None), second
        if key is None:
            break
        found.append(_reservation(key, intake=booked is intakes))
    return found


def _reservation(key: ScheduleKey, *, intake: bool) -> ReservationRequest:
    if intake:
        return ReservationRequest(key, INTAKE_BOOKING, planned_intake_date=key.planned_start_date)
    return ReservationRequest(
        key, RELEASE_BOOKING, planned_release_date=key.planned_start_date + timedelta(days=2)
    )
