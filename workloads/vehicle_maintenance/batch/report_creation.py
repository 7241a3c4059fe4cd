"""Report creation (報告作成): report to customers on the maintenance orders whose report is due.

Exam table 3: for the maintenance orders (受託) whose next report date is near, add rows to 報告 by
customer, covering a period of maintenance, and after each one update the next report date of the
受託 row. One commit at the end.

So every 受託 row that is updated stays locked until the last one is done: exam problem 1. Contract
registration (契約登録) waits for it, and so does reservation registration (予約登録).

Table 4 gives it `RRUC`: we take it for 契約 R, which leads from an order to its customer, 受託 RU
and 報告 C.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, Date, String, func, insert, literal, select, update

from schema.vehicle_maintenance import contract, customer_report, maintenance_order
from schema.vehicle_maintenance.vocabulary import MAINTENANCE_CLASS_NAMES
from workloads.vehicle_maintenance.months import months_later


@dataclass(frozen=True, slots=True)
class ReportCreationRequest:
    """Report what is due up to and including this date."""

    until: date


@dataclass(frozen=True, slots=True)
class ReportCreationResult:
    """How many report lines were added."""

    report_lines: int


class DueOrder(NamedTuple):
    """A maintenance order whose report is due, and whose customer gets it."""

    customer_code: str
    contract_no: int
    order_no: int
    maintenance_class: str
    order_start_date: date
    order_end_date: date
    report_interval_months: int
    next_report_date: date


def report_creation(connection: Connection, request: ReportCreationRequest) -> ReportCreationResult:
    """Report everything that is due, with one commit at the end (variant `current`).

    Running it again is right: an order whose report has been added has a later next report date,
    and after a run up to some date no order is due up to that date. An order that has ended and
    been reported to its end is not due, although its next report date stays and passes.
    """
    lines = 0
    for order in _read_due(connection, request.until):
        lines += _report(connection, order, request.until)
    connection.commit()
    return ReportCreationResult(lines)


def report_creation_commit_per_order(
    connection: Connection, request: ReportCreationRequest
) -> ReportCreationResult:
    """Report everything that is due, with a commit after each maintenance order.

    The exam's fix of problem 1 (variant `commit-per-order`). What is due is read once, as before:
    an order that somebody changes meanwhile is reported by the terms that were read, and its next
    report date is counted from them.

    Running it again is right, as it is for `report_creation`.
    """
    return report_creation_commit_every(connection, request, 1)


def report_creation_commit_every(
    connection: Connection, request: ReportCreationRequest, orders: int
) -> ReportCreationResult:
    """Report everything that is due, with a commit after every so many maintenance orders.

    An order's reports and its next report date are committed together, so a run that ends in the
    middle leaves each order reported or still due. Running it again is right, as it is for
    `report_creation`, once the first run is over: two runs at once both report what both have read.
    """
    lines = 0
    for number, order in enumerate(_read_due(connection, request.until), start=1):
        lines += _report(connection, order, request.until)
        if number % orders == 0:
            connection.commit()
    connection.commit()
    return ReportCreationResult(lines)


def report_creation_claiming(
    connection: Connection, request: ReportCreationRequest, orders: int
) -> ReportCreationResult:
    """As `report_creation_commit_every`, but each report begins with a claim on its order.

    The next report date is moved first, and only from where it was read to be; who finds it moved
    leaves the order to whoever has. So two runs at once report each order once between them.
    """
    lines = 0
    for number, order in enumerate(_read_due(connection, request.until), start=1):
        lines += _report(connection, order, request.until, claiming=True)
        if number % orders == 0:
            connection.commit()
    connection.commit()
    return ReportCreationResult(lines)


def _read_due(connection: Connection, until: date) -> list[DueOrder]:
    """Read the orders whose report is due, customer by customer.

    Not those whose next report would cover a time after their end: they have had their last.
    """
    o = maintenance_order.c
    found = connection.execute(
        select(
            contract.c.customer_code,
            o.contract_no,
            o.order_no,
            o.maintenance_class,
            o.order_start_date,
            o.order_end_date,
            o.report_interval_months,
            o.next_report_date,
        )
        .join(contract)
        .where(o.next_report_date <= until)
        .order_by(contract.c.customer_code, o.contract_no, o.order_no)
    )
    orders = [DueOrder(*row) for row in found]
    return [o for o in orders if _period_start(o, o.next_report_date) <= o.order_end_date]


def _report(connection: Connection, order: DueOrder, until: date, *, claiming: bool = False) -> int:
    """Report an order until its next report is no longer due; how often.

    An order is reported once more after it has ended, and then no longer.
    """
    lines, due = 0, order.next_report_date
    while due <= until:
        start = _period_start(order, due)
        if start > order.order_end_date:
            break
        end, after = max(start, min(due, order.order_end_date)), _after(order, due)
        if claiming:
            if not _claim(connection, order, due, after):
                break
            _add_report(connection, order, start, end)
        else:
            _add_report(connection, order, start, end)
            _move_next_report(connection, order, after)
        due = after
        lines += 1
    return lines


def _period_start(order: DueOrder, due: date) -> date:
    """The first day that the report which is due on a day covers."""
    return max(months_later(due, -order.report_interval_months), order.order_start_date)


def _after(order: DueOrder, due: date) -> date:
    return months_later(due, order.report_interval_months)


def _claim(connection: Connection, order: DueOrder, due: date, after: date) -> bool:
    """Move the next report date from where it is due; False if somebody else has moved it."""
    o = maintenance_order.c
    moved = connection.execute(
        update(maintenance_order)
        .where(
            o.contract_no == order.contract_no,
            o.order_no == order.order_no,
            o.next_report_date == due,
        )
        .values(next_report_date=after)
    )
    return moved.rowcount == 1


def _add_report(connection: Connection, order: DueOrder, start: date, end: date) -> None:
    """Add a report line, under the customer's next number.

    The statement that uses the number also finds it, since 報告 is only added to (table 4).
    """
    what = MAINTENANCE_CLASS_NAMES[order.maintenance_class]
    sentence = f"{what} of contract {order.contract_no}, order {order.order_no}"
    c = customer_report.c
    code = literal(order.customer_code, String)
    connection.execute(
        insert(customer_report).from_select(
            [
                c.customer_code,
                c.report_line_no,
                c.maintenance_class,
                c.maintenance_start_date,
                c.maintenance_end_date,
                c.maintenance_description,
            ],
            select(
                code,
                func.coalesce(func.max(c.report_line_no), 0) + 1,
                literal(order.maintenance_class, String),
                literal(start, Date),
                literal(end, Date),
                literal(sentence, String),
            ).where(c.customer_code == code),
        )
    )


def _move_next_report(connection: Connection, order: DueOrder, due: date) -> None:
    connection.execute(
        update(maintenance_order)
        .where(
            maintenance_order.c.contract_no == order.contract_no,
            maintenance_order.c.order_no == order.order_no,
        )
        .values(next_report_date=due)
    )
