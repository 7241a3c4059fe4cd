"""What clerks ask for meanwhile: changes of contracts, and bookings of releases."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import groupby

from sqlalchemy import Connection, select

from schema.vehicle_maintenance import contract, maintenance_order, maintenance_schedule
from schema.vehicle_maintenance.vocabulary import RELEASE_BOOKING, ScheduleKey
from workloads.vehicle_maintenance.online.contract_registration import (
    ContractChange,
    OrderTerms,
    contract_registration,
)
from workloads.vehicle_maintenance.online.reservation_registration import (
    ReservationRequest,
    reservation_registration,
)

Program = Callable[[Connection], object]

_LONGER = timedelta(days=365)
_REQUESTS_MAX = 5000


def contract_changes(connection: Connection, seed: int) -> list[Program]:
    """Changes of contracts by lot: each lease goes on for a year, with all its orders.

    A new contract is not among them: its rows are nobody else's yet.
    """
    o = maintenance_order.c
    rows = connection.execute(
        select(
            contract.c.contract_no,
            contract.c.contract_type,
            contract.c.end_date,
            o.order_no,
            o.maintenance_class,
            o.order_start_date,
            o.order_end_date,
            o.report_interval_months,
        )
        .join_from(contract, maintenance_order)
        .order_by(contract.c.contract_no, o.order_no)
    )
    changes = [
        ContractChange(
            contract_no,
            contract_type,
            end_date + _LONGER,
            tuple(_longer(*row[3:]) for row in orders),
        )
        for (contract_no, contract_type, end_date), orders in groupby(rows, lambda row: row[:3])
    ]
    random.Random(seed).shuffle(changes)
    return [partial(contract_registration, request=change) for change in changes[:_REQUESTS_MAX]]


def _longer(
    order_no: int, maintenance_class: str, start: date, end: date, interval_months: int
) -> OrderTerms:
    return OrderTerms(order_no, maintenance_class, start, end + _LONGER, interval_months)


def release_bookings(connection: Connection, until: date, seed: int) -> list[Program]:
    """Bookings of releases by lot, each schedule once."""
    s = maintenance_schedule.c
    rows = connection.execute(
        select(s.contract_no, s.order_no, s.planned_start_date)
        .where(s.current_arrangement_no < RELEASE_BOOKING)
        .order_by(s.contract_no, s.order_no, s.planned_start_date)
    )
    keys = [ScheduleKey(*row) for row in rows]
    random.Random(seed).shuffle(keys)
    return [
        partial(
            reservation_registration,
            request=ReservationRequest(key, RELEASE_BOOKING, planned_release_date=until),
        )
        for key in keys[:_REQUESTS_MAX]
    ]
