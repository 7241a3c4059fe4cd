"""Contract registration (契約登録): add a contract with its orders and its sheet, or change one.

Exam table 2: for each contract, add or update rows of 契約 and of the 受託 and 点検表 that go with
it. Table 4 lets the program read 顧客, read, add and update 契約 and 受託, and only add 点検表. One
request is one transaction, committed at its end.

Changing an order of a contract updates its row of 受託. Exam problem 1 is in that: report creation
(報告作成) holds such rows until its own end, and the clerk waits.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select, update

from schema.vehicle_maintenance import contract, customer, inspection_sheet, maintenance_order
from workloads.vehicle_maintenance.months import months_later
from workloads.vehicle_maintenance.refusals import ContractNotFoundError, CustomerNotFoundError


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """One maintenance order (受託) of a contract, as the customer has signed it."""

    order_no: int
    maintenance_class: str
    order_start_date: date
    order_end_date: date
    report_interval_months: int


@dataclass(frozen=True, slots=True)
class NewContract:
    """A contract to add; its number is printed on the signed form.

    `vehicle_no` is empty while the vehicle is still to be bought: vehicle registration (車両登録)
    fills it in. A vehicle that is leased again has its number already.
    """

    contract_no: int
    customer_code: str
    contract_type: str
    start_date: date
    end_date: date
    orders: tuple[OrderTerms, ...]
    planned_points: int
    vehicle_no: int | None = None


@dataclass(frozen=True, slots=True)
class ContractChange:
    """A contract to change: its type, its end, and the orders named.

    Orders that the contract has not yet are added; orders not named stay as they are.
    """

    contract_no: int
    contract_type: str
    end_date: date
    orders: tuple[OrderTerms, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractResult:
    """What the clerk sees: how many orders were added and how many changed."""

    added_orders: int
    changed_orders: int


def contract_registration(
    connection: Connection, request: NewContract | ContractChange
) -> ContractResult:
    """Add or change one contract, with one commit at the end.

    Running it again is right for a change, which sets the same values once more. For a new
    contract it is refused: the number is taken.

    Raises:
        CustomerNotFoundError, ContractNotFoundError: rolled back, nothing is registered.
        sqlalchemy.exc.IntegrityError: the contract number is taken, or the vehicle does not
            exist. As after any error of the server, rolling back is left to the caller.
    """
    if isinstance(request, NewContract):
        result = _add(connection, request)
    else:
        result = _change(connection, request)
    connection.commit()
    return result


def _add(connection: Connection, request: NewContract) -> ContractResult:
    _see_customer(connection, request.customer_code)
    connection.execute(
        insert(contract).values(
            contract_no=request.contract_no,
            customer_code=request.customer_code,
            contract_type=request.contract_type,
            vehicle_no=request.vehicle_no,
            start_date=request.start_date,
            end_date=request.end_date,
        )
    )
    _add_orders(connection, request.contract_no, request.orders)
    connection.execute(
        insert(inspection_sheet).values(
            contract_no=request.contract_no,
            planned_points=request.planned_points,
            actual_points=0,
        )
    )
    return ContractResult(len(request.orders), 0)


def _see_customer(connection: Connection, customer_code: str) -> None:
    found = connection.execute(
        select(customer.c.customer_code).where(customer.c.customer_code == customer_code)
    ).one_or_none()
    if found is None:
        connection.rollback()
        raise CustomerNotFoundError(customer_code)


def _change(connection: Connection, request: ContractChange) -> ContractResult:
    _lock_contract(connection, request.contract_no)
    there = _order_numbers(connection, request.contract_no)
    connection.execute(
        update(contract)
        .where(contract.c.contract_no == request.contract_no)
        .values(contract_type=request.contract_type, end_date=request.end_date)
    )
    changed = [terms for terms in request.orders if terms.order_no in there]
    for terms in changed:
        _change_order(connection, request.contract_no, terms)
    added = tuple(terms for terms in request.orders if terms.order_no not in there)
    _add_orders(connection, request.contract_no, added)
    return ContractResult(len(added), len(changed))


def _lock_contract(connection: Connection, contract_no: int) -> None:
    """Read the contract row with an exclusive lock.

    Whoever else changes the contract waits, so the orders read next stay the contract's orders.
    """
    found = connection.execute(
        select(contract.c.contract_no)
        .where(contract.c.contract_no == contract_no)
        .with_for_update()
    ).one_or_none()
    if found is None:
        connection.rollback()
        raise ContractNotFoundError(contract_no)


def _order_numbers(connection: Connection, contract_no: int) -> set[int]:
    c = maintenance_order.c
    found = connection.execute(select(c.order_no).where(c.contract_no == contract_no))
    return {order_no for (order_no,) in found}


def _change_order(connection: Connection, contract_no: int, terms: OrderTerms) -> None:
    """Set an order's terms. Its next report date is report creation's to move, and stays."""
    connection.execute(
        update(maintenance_order)
        .where(
            maintenance_order.c.contract_no == contract_no,
            maintenance_order.c.order_no == terms.order_no,
        )
        .values(
            maintenance_class=terms.maintenance_class,
            order_start_date=terms.order_start_date,
            order_end_date=terms.order_end_date,
            report_interval_months=terms.report_interval_months,
        )
    )


def _add_orders(connection: Connection, contract_no: int, orders: tuple[OrderTerms, ...]) -> None:
    if not orders:
        return
    connection.execute(
        insert(maintenance_order),
        [
            {
                "contract_no": contract_no,
                "order_no": terms.order_no,
                "maintenance_class": terms.maintenance_class,
                "order_start_date": terms.order_start_date,
                "order_end_date": terms.order_end_date,
                "report_interval_months": terms.report_interval_months,
                "next_report_date": months_later(
                    terms.order_start_date, terms.report_interval_months
                ),
            }
            for terms in orders
        ],
    )
