"""The rows of one block: every table's, from the leases and their pieces of maintenance."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from schema.draw import Draw
from schema.vehicle_maintenance.generator.arrivals import Arrivals
from schema.vehicle_maintenance.generator.block import Block, Customer
from schema.vehicle_maintenance.generator.lease import Lease, Order
from schema.vehicle_maintenance.generator.pieces import (
    Piece,
    WorkItem,
    open_pieces,
    past_pieces,
    reported_pieces,
)
from schema.vehicle_maintenance.vocabulary import (
    ADVANCE_NOTICE,
    INSPECTION,
    INTAKE_BOOKING,
    MAINTENANCE_CLASS_NAMES,
    PLANNED,
    RELEASE_BOOKING,
    RETIRED,
    SHAKEN,
)

Rows = dict[str, list[tuple[Any, ...]]]

_TABLES: Final = (
    "contractor",
    "customer",
    "vehicle",
    "contract",
    "maintenance_order",
    "maintenance_schedule",
    "progress",
    "work_result",
    "inspection_sheet",
    "customer_report",
    "vehicle_record",
)
_day = date.fromordinal
# Customers are told of what was completed longer ago than this.
_REPORTED_AFTER_DAYS: Final = 30
_STAY: Final = timedelta(days=2)
_FIRST_RECEIVED_MINUTE: Final = 9 * 60
_LAST_RECEIVED_MINUTE: Final = 19 * 60 - 1
_REGISTERED_AT: Final = time(21)


class History:
    """Writes one block down; `rows` gives what was written."""

    def __init__(self, block: Block, arrivals: Arrivals) -> None:
        """`arrivals` numbers the reports and goes on from block to block."""
        self._block = block
        self._arrivals = arrivals
        self._rows: Rows = {name: [] for name in _TABLES}

    def rows(self) -> Rows:
        """All rows of the block; the order of values is that of the table's columns."""
        new = self._block.new_contractors()
        for number in range(new.first, new.last + 1):
            self._rows["contractor"].append(
                (_contractor(number), f"Motor Works {number}", f"{number}-1 Minato")
            )
        for customer in self._block.customers():
            self._rows["customer"].append((customer.code, f"Customer {customer.number}"))
            self._write_customer(customer)
        return self._rows

    def _write_customer(self, customer: Customer) -> None:
        for contract_no in range(customer.first_contract_no, customer.last_contract_no + 1):
            draw, lease = self._block.drawn(contract_no)
            if contract_no > self._block.sizes.leased:
                self._write_free_vehicle(draw, lease)
                self._write_contract(draw, customer, lease, None)
            else:
                self._write_leased(draw, customer, lease)

    def _write_leased(self, draw: Draw, customer: Customer, lease: Lease) -> None:
        block, near = self._block, self._block.contractors_nearby()
        which = block.sizes.reported_as(lease.contract_no)
        reported: list[Piece] = []
        if which is not None:
            reported = reported_pieces(draw, lease, near, block.today)
        coming = open_pieces(draw, lease, near, block.today, reported)
        past = past_pieces(draw, lease, near, block.today)
        at_work = reported or any(piece.started for piece in coming)
        self._write_vehicle(lease, "repair" if at_work else "in use")
        self._write_contract(draw, customer, lease, lease.contract_no)
        for piece in (*past, *coming, *reported):
            self._write_schedule(lease, piece)
        self._write_results(draw, lease, past, reported, which)
        self._write_records(lease, past, reported)
        self._write_reports(customer, lease, past)

    def _write_vehicle(self, lease: Lease, status: str) -> None:
        model, number = lease.model, lease.contract_no
        self._rows["vehicle"].append(
            (
                number,
                model.maker_name,
                model.model_name,
                lease.grade_name,
                model.maker_model_code,
                status,
                f"{model.maker_model_code}-{number}",
                model.vehicle_use,
                model.seating_capacity,
                model.load_kg_max,
                _day(lease.due[INSPECTION]),
                _day(lease.due[SHAKEN]),
            )
        )

    def _write_free_vehicle(self, draw: Draw, lease: Lease) -> None:
        """A vehicle between two leases, or at its end; its number is that of no lease."""
        retired = draw.happens(0.4)
        self._write_vehicle(lease, RETIRED if retired else "in store")
        returned = self._block.today - draw.between(1, 90)
        bought = returned - lease.end + lease.start
        self._record(lease, 1, bought, "registered", "registration")
        self._record(lease, 2, returned, "returned", "end of lease")
        if retired:
            self._record(lease, 3, self._block.today, "deregistered", "deregistration")

    def _write_contract(
        self, draw: Draw, customer: Customer, lease: Lease, vehicle_no: int | None
    ) -> None:
        number, start, end = lease.contract_no, _day(lease.start), _day(lease.end)
        self._rows["contract"].append(
            (number, customer.code, lease.contract_type, vehicle_no, start, end)
        )
        for order in lease.orders:
            interval, coming = order.report_interval_months, _day(order.next_report)
            self._rows["maintenance_order"].append(
                (number, order.order_no, order.maintenance_class, start, end, interval, coming)
            )
        planned = 12 * len(lease.orders) * draw.between(2, 10)
        done = 0 if vehicle_no is None else draw.below(planned // 2)
        self._rows["inspection_sheet"].append((number, planned, done))

    def _write_schedule(self, lease: Lease, piece: Piece) -> None:
        key = (lease.contract_no, piece.order.order_no, _day(piece.planned_start))
        over = piece.completion is not None
        self._rows["maintenance_schedule"].append(
            (
                *key,
                "over" if over else ("under way" if piece.started else PLANNED),
                piece.current_arrangement_no,
                _contractor(piece.contractor_no),
                key[2] if piece.started else None,
                _day(piece.completion) if piece.completion is not None else None,
                piece.order.maintenance_class,
                lease.contract_no,
            )
        )
        first = ADVANCE_NOTICE if piece.notified else ADVANCE_NOTICE + 1
        self._rows["progress"].extend(
            (
                *key,
                number,
                key[2] if number == INTAKE_BOOKING else None,
                key[2] + _STAY if number == RELEASE_BOOKING else None,
            )
            for number in range(first, piece.current_arrangement_no + 1)
        )

    def _write_results(
        self,
        draw: Draw,
        lease: Lease,
        past: list[Piece],
        reported: list[Piece],
        which: int | None,
    ) -> None:
        for piece in past:
            assert piece.completion is not None, "what is past is completed"
            sort_seq = self._arrivals.of_past(piece.completion)
            for item in piece.items:
                self._write_result(draw, lease, piece, item, piece.completion, sort_seq)
        if which is None:
            return
        today = [(piece, item) for piece in reported for item in piece.items]
        for report, (piece, item) in enumerate(today, start=2 * which):
            sort_seq = self._arrivals.of_today(report)
            self._write_result(draw, lease, piece, item, self._block.today, sort_seq)

    def _write_result(
        self, draw: Draw, lease: Lease, piece: Piece, item: WorkItem, day: int, sort_seq: int
    ) -> None:
        hour, minute = divmod(draw.between(_FIRST_RECEIVED_MINUTE, _LAST_RECEIVED_MINUTE), 60)
        report_date = _day(day)
        self._rows["work_result"].append(
            (
                report_date,
                sort_seq,
                item.work_item_no,
                _contractor(piece.contractor_no),
                lease.contract_no,
                piece.order.order_no,
                _day(piece.planned_start),
                datetime.combine(report_date, time(hour, minute)),
                item.points,
                "good",
                item.description,
                Decimal(item.quantity),
                Decimal(item.unit_price),
                Decimal(item.amount),
            )
        )

    def _write_records(self, lease: Lease, past: list[Piece], reported: list[Piece]) -> None:
        """The vehicle's record: its registration, each work item, each completion taken over."""
        repeated = lease.contract_type == "repeated lease"
        told = (
            (lease.start, "renamed", "change of name")
            if repeated
            else (lease.start, "registered", "registration")
        )
        lines = [told]
        for piece in past:
            assert piece.completion is not None, "what is past is completed"
            lines += [(piece.completion, "good", item.description) for item in piece.items]
            lines.append((piece.completion, "completed", piece.order.maintenance_class))
        for piece in reported:
            lines += [(self._block.today, "good", item.description) for item in piece.items]
        for record_no, line in enumerate(lines, start=1):
            self._record(lease, record_no, *line)

    def _record(
        self, lease: Lease, record_no: int, day: int, result: str, description: str
    ) -> None:
        when = _day(day)
        self._rows["vehicle_record"].append(
            (
                lease.contract_no,
                record_no,
                datetime.combine(when, _REGISTERED_AT),
                when,
                result,
                description,
            )
        )

    def _write_reports(self, customer: Customer, lease: Lease, past: list[Piece]) -> None:
        lines = self._rows["customer_report"]
        for piece in past:
            assert piece.completion is not None, "what is past is completed"
            if self._block.today - piece.completion <= _REPORTED_AFTER_DAYS:
                continue
            # The customer's lines are the last ones of the block: its next number follows theirs.
            mine = lines and lines[-1][0] == customer.code
            lines.append(
                (
                    customer.code,
                    lines[-1][1] + 1 if mine else 1,
                    piece.order.maintenance_class,
                    _day(piece.planned_start),
                    _day(piece.completion),
                    _sentence(lease, piece.order),
                )
            )


def _contractor(number: int) -> str:
    return f"W{number:05d}"


def _sentence(lease: Lease, order: Order) -> str:
    what = MAINTENANCE_CLASS_NAMES[order.maintenance_class]
    return f"{what} of contract {lease.contract_no}, order {order.order_no}"
