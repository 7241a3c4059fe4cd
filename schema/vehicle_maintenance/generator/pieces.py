"""The pieces of maintenance of one lease: those of the last year, and those that are open.

One piece becomes a row of 予定表, its rows of 進捗 and, once it has been done, of 実施結果.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from schema.draw import Draw
from schema.vehicle_maintenance.generator.lease import YEAR_DAYS, Lease, Order
from schema.vehicle_maintenance.vocabulary import (
    ADVANCE_NOTICE,
    COMPLETION_SCHEDULE_CONFIRMED,
    CONTRACTOR_ARRANGEMENT,
    INSPECTION,
    INTAKE,
    INTAKE_BOOKING,
    RELEASE,
    RELEASE_BOOKING,
    SERVICE,
    SHAKEN,
)


class WorkItem(NamedTuple):
    """A kind of work: its number (実施項目#), points (点数), quantity and price in yen."""

    work_item_no: int
    points: int
    description: str
    quantity: str
    unit_price: int
    amount: int


WORK_ITEMS: Final = {
    SHAKEN: (
        WorkItem(24, 24, "shaken test", "1.00", 32000, 32000),
        WorkItem(31, 4, "brake fluid, l", "0.75", 2400, 1800),
        WorkItem(33, 8, "brake pads, set", "2.00", 9800, 19600),
    ),
    INSPECTION: (
        WorkItem(12, 12, "yearly inspection", "1.00", 18000, 18000),
        WorkItem(14, 3, "wiper blades", "2.00", 1300, 2600),
        WorkItem(15, 2, "bulb", "1.00", 450, 450),
    ),
    SERVICE: (
        WorkItem(41, 8, "oil, l", "3.50", 1200, 4200),
        WorkItem(42, 6, "oil filter", "1.00", 1500, 1500),
        WorkItem(47, 6, "tyre rotation", "1.00", 4000, 4000),
    ),
}

# A schedule is made this many days before the maintenance falls due.
_LEAD_DAYS: Final = 45
_ITEM_NUMBERS: Final = ((0.55, 1), (0.30, 2), (0.15, 3))


@dataclass(slots=True)
class Piece:
    """One piece of maintenance; dates are ordinals."""

    order: Order
    planned_start: int
    current_arrangement_no: int
    contractor_no: int
    completion: int | None = None
    items: tuple[WorkItem, ...] = ()
    # Document issue has told the customer; false of some that stand at the advance notice.
    notified: bool = True

    @property
    def started(self) -> bool:
        """Whether the vehicle is or was at the contractor's."""
        return self.current_arrangement_no >= INTAKE


class Contractors(NamedTuple):
    """The contractors near a customer, by number, both ends included."""

    first: int
    last: int


def past_pieces(draw: Draw, lease: Lease, near: Contractors, today: int) -> list[Piece]:
    """What was done in the year before, in the order in which it was completed."""
    found = [
        _past_piece(draw, order, due, near)
        for order in lease.orders
        for due in _past_due(lease, order, today)
    ]
    found.sort(key=lambda piece: (piece.completion, piece.order.order_no))
    return found


def _past_due(lease: Lease, order: Order, today: int) -> Iterator[int]:
    """The days in the last year, and under this contract, on which maintenance fell due."""
    period = lease.period_days(order.maintenance_class)
    due = lease.due[order.maintenance_class] - period
    # Planned up to 20 days before it falls due; younger than that it is open, not past.
    while due > today - YEAR_DAYS and due - 20 >= lease.start:
        yield due
        due -= period


def _past_piece(draw: Draw, order: Order, due: int, near: Contractors) -> Piece:
    start = due - draw.between(7, 20)
    items = WORK_ITEMS[order.maintenance_class][: draw.weighted(_ITEM_NUMBERS)]
    completion = start + draw.between(1, 3)
    contractor = draw.between(*near)
    return Piece(order, start, RELEASE, contractor, completion, items)


def open_pieces(
    draw: Draw, lease: Lease, near: Contractors, today: int, reported: list[Piece]
) -> list[Piece]:
    """What else is planned or under way, beside what is reported today."""
    found = []
    for order in lease.orders[len(reported) :]:
        due = lease.due[order.maintenance_class]
        if due - today > _LEAD_DAYS:
            continue
        start = due - draw.between(7, 20)
        current = _arrangement(draw, start - today)
        notified = current > ADVANCE_NOTICE or draw.happens(0.4)
        contractor = draw.between(*near)
        found.append(Piece(order, start, current, contractor, notified=notified))
    return found


def _arrangement(draw: Draw, days_ahead: int) -> int:
    """How far a piece has come, by the days until it starts."""
    if days_ahead <= 0:
        return draw.between(INTAKE, RELEASE_BOOKING)
    if days_ahead <= 7:
        return CONTRACTOR_ARRANGEMENT
    return draw.between(INTAKE_BOOKING if days_ahead <= 14 else ADVANCE_NOTICE, INTAKE_BOOKING)


def reported_pieces(draw: Draw, lease: Lease, near: Contractors, today: int) -> list[Piece]:
    """What contractors report as done today: two work items of one lease, in one piece or in two.

    They have not been taken over: the schedules stand at 5, as in exam problem 2. Two pieces of one
    vehicle at once have one planned start and, mostly, different contractors.
    """
    start = today - draw.between(1, 3)
    together = lease.orders[:2] if draw.happens(0.75) else lease.orders[:1]
    found = []
    for order in together:
        lease.due[order.maintenance_class] = start + draw.between(7, 20)
        items = WORK_ITEMS[order.maintenance_class][: 3 - len(together)]
        contractor = draw.between(*near)
        found.append(Piece(order, start, COMPLETION_SCHEDULE_CONFIRMED, contractor, None, items))
    return found
