"""Clerks register contracts (契約登録) while the server is killed.

One registration writes a row of 契約, two of 受託 and one of 点検表 in one transaction: a contract
that is there without one of its orders, or without its sheet, was torn. Every tenth names a
customer who does not exist and is refused by the program; every thirteenth takes a number that is
taken and is refused by the key.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from sqlalchemy import Connection, func, select

from harness.checks.durability import Ticket
from harness.recovery.load import Load
from schema.vehicle_maintenance import contract, fixture, inspection_sheet, metadata
from schema.vehicle_maintenance import maintenance_order as order
from schema.vehicle_maintenance.vocabulary import INSPECTION, SHAKEN
from workloads.vehicle_maintenance.online.contract_registration import (
    NewContract,
    OrderTerms,
    contract_registration,
)
from workloads.vehicle_maintenance.refusals import CustomerNotFoundError

_BASE: Final = 100_000_000
_OF_A_WRITER: Final = 10_000_000
_TAKEN: Final = 1001  # one of the fixture's
_LEASE: Final = (date(2024, 11, 1), date(2029, 10, 31))
_ORDERS: Final = (
    OrderTerms(1, SHAKEN, *_LEASE, 12),
    OrderTerms(2, INSPECTION, *_LEASE, 6),
)


def fill(connection: Connection) -> None:
    """The fixture's business day."""
    fixture.load(connection)
    connection.commit()


def register(connection: Connection, ticket: Ticket) -> None:
    """Register one contract, with the program's own commit.

    Raises:
        CustomerNotFoundError: every tenth; rolled back.
        sqlalchemy.exc.IntegrityError: every thirteenth; the caller rolls back.
    """
    contract_registration(
        connection,
        NewContract(
            _TAKEN if ticket.number % 13 == 0 else _contract_no(ticket),
            "C999" if ticket.number % 10 == 0 else "C003",
            "new lease",
            *_LEASE,
            _ORDERS,
            planned_points=60,
        ),
    )


def held(connection: Connection) -> Mapping[Ticket, bool]:
    """The contracts that are there, and whether their orders and their sheets are."""
    orders = select(func.count()).where(order.c.contract_no == contract.c.contract_no)
    sheets = select(func.count()).where(inspection_sheet.c.contract_no == contract.c.contract_no)
    rows = connection.execute(
        select(contract.c.contract_no, orders.scalar_subquery(), sheets.scalar_subquery()).where(
            contract.c.contract_no >= _BASE
        )
    )
    return {_ticket(no): (orders, sheets) == (len(_ORDERS), 1) for no, orders, sheets in rows}


def _contract_no(ticket: Ticket) -> int:
    return _BASE + int(ticket.writer.removeprefix("w")) * _OF_A_WRITER + ticket.number


def _ticket(contract_no: int) -> Ticket:
    writer, number = divmod(contract_no - _BASE, _OF_A_WRITER)
    return Ticket(f"w{writer}", number)


CONTRACTS: Final = Load(
    name="contracts",
    title="contract registration (契約登録), four rows each",
    metadata=metadata,
    fill=fill,
    transaction=register,
    held=held,
    refusals=(CustomerNotFoundError,),
)
