"""One lease: a vehicle, its contract and the maintenance orders, drawn by lot.

Every date is relative to the business date. A vehicle's next inspection and shaken fall due at any
day of their periods with equal chance, as in a fleet that was bought over many years.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from schema.draw import Draw
from schema.vehicle_maintenance.vocabulary import INSPECTION, SERVICE, SHAKEN

YEAR_DAYS: Final = 365
HALF_YEAR_DAYS: Final = 182


class Model(NamedTuple):
    """A model of vehicle, and how often the law wants to see it."""

    maker_name: str
    model_name: str
    maker_model_code: str
    vehicle_use: str
    seating_capacity: int
    load_kg_max: int
    inspection_days: int
    shaken_days: int


# Shares of a company fleet: mostly saloons and small vans, a few trucks, which are tested yearly.
MODELS: Final = (
    (0.25, Model("Kita", "Saloon", "KS-03", "saloon", 5, 0, YEAR_DAYS, 2 * YEAR_DAYS)),
    (0.20, Model("Kita", "Compact", "KC-11", "saloon", 5, 0, YEAR_DAYS, 2 * YEAR_DAYS)),
    (0.15, Model("Minami", "Wagon", "MW-07", "saloon", 8, 0, YEAR_DAYS, 2 * YEAR_DAYS)),
    (0.20, Model("Asahi", "Courier", "AC-10", "cargo", 2, 350, HALF_YEAR_DAYS, 2 * YEAR_DAYS)),
    (0.12, Model("Asahi", "Porter", "AP-22", "cargo", 3, 1000, HALF_YEAR_DAYS, 2 * YEAR_DAYS)),
    (0.08, Model("Higashi", "Hauler", "HH-40", "truck", 3, 4000, HALF_YEAR_DAYS, YEAR_DAYS)),
)
GRADES: Final = ("S", "GL", "DX", "Custom")
_TERM_YEARS: Final = ((0.20, 3), (0.15, 4), (0.45, 5), (0.10, 6), (0.10, 7))

# How many contracts ask for a class of maintenance; one that asks for none gets inspections.
_ORDERED: Final = ((SHAKEN, 0.90), (INSPECTION, 0.95), (SERVICE, 0.40))
_REPORT_INTERVAL_MONTHS: Final = {SHAKEN: (12,), INSPECTION: (6, 12), SERVICE: (3, 6)}
_MONTH_DAYS: Final = 30


class Order(NamedTuple):
    """A maintenance order (受託); dates are ordinals."""

    order_no: int
    maintenance_class: str
    report_interval_months: int
    next_report: int


@dataclass(slots=True)
class Lease:
    """A contract with its vehicle; dates are ordinals (`date.toordinal`)."""

    contract_no: int
    contract_type: str
    start: int
    end: int
    model: Model
    grade_name: str
    orders: list[Order]
    # When each class of maintenance falls due next, whether it is ordered or not.
    due: dict[str, int]

    def period_days(self, maintenance_class: str) -> int:
        """How many days lie between two pieces of maintenance of a class."""
        if maintenance_class == SHAKEN:
            return self.model.shaken_days
        return self.model.inspection_days if maintenance_class == INSPECTION else HALF_YEAR_DAYS


def draw_lease(draw: Draw, contract_no: int, today: int) -> Lease:
    """A lease that is under way on the business date."""
    model = draw.weighted(MODELS)
    term_days = draw.weighted(_TERM_YEARS) * YEAR_DAYS
    # Old enough to have its first maintenance, and with some time left.
    start = today - draw.between(30, term_days - 60)
    return Lease(
        contract_no=contract_no,
        contract_type="new lease" if draw.happens(0.8) else "repeated lease",
        start=start,
        end=start + term_days - 1,
        model=model,
        grade_name=draw.one_of(GRADES),
        orders=_draw_orders(draw, today),
        due={
            SHAKEN: today + 1 + draw.below(model.shaken_days),
            INSPECTION: today + 1 + draw.below(model.inspection_days),
            SERVICE: today + 1 + draw.below(HALF_YEAR_DAYS),
        },
    )


def draw_waiting(draw: Draw, contract_no: int, today: int) -> Lease:
    """A contract whose vehicle is still to come: it begins within the next three months."""
    lease = draw_lease(draw, contract_no, today)
    later = today + draw.between(10, 90) - lease.start
    lease.start += later
    lease.end += later
    lease.orders = [order._replace(next_report=order.next_report + later) for order in lease.orders]
    return lease


def _draw_orders(draw: Draw, today: int) -> list[Order]:
    ordered = [name for name, share in _ORDERED if draw.happens(share)] or [INSPECTION]
    orders = []
    for order_no, name in enumerate(ordered, start=1):
        interval = draw.one_of(_REPORT_INTERVAL_MONTHS[name])
        next_report = today + 1 + draw.below(interval * _MONTH_DAYS)
        orders.append(Order(order_no, name, interval, next_report))
    return orders
