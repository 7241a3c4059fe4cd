"""What a night is asked to do, seen before anything is changed: a clear no, or nothing.

The programs themselves are what the exam describes and can be run again from the start. An operator
who names the wrong day or month is told here, before a night's work. Nothing is written, and the
transaction that reading began is ended.
"""

from sqlalchemy import Connection, Select, and_, func, select

from schema.billing import bill, member
from workloads.billing.batch.bill_registration import BillRegistrationRequest
from workloads.billing.batch.bulk_deletion import BulkDeletionRequest, due_bills, last_month
from workloads.billing.refusals import (
    AlreadyBilledError,
    NothingToDeleteError,
    UnknownGroupError,
    UnpaidBillsError,
)

_NAMED = 3


def see_registration(connection: Connection, request: BillRegistrationRequest) -> None:
    """See that a group is there and was not billed on this day or later.

    Raises:
        UnknownGroupError: there is no such group.
        AlreadyBilledError: every member of it has been billed on that day or later.
    """
    of_group = member.c.group_no == request.group_no
    billed = and_(of_group, member.c.last_billed_date >= request.processing_date)
    members = _number(connection, select(func.count()).select_from(member).where(of_group))
    done = _number(connection, select(func.count()).select_from(member).where(billed))
    connection.rollback()
    if not members:
        raise UnknownGroupError(request.group_no)
    if done == members:
        raise AlreadyBilledError(request.group_no, request.processing_date)


def see_deletion(
    connection: Connection, request: BulkDeletionRequest, *, whole_month: bool = False
) -> None:
    """See that it is the end of a month and that there is something to delete.

    With `whole_month`, every bill of the month before must be paid or cancelled: the deletion would
    otherwise leave some for which nobody looks again.

    Raises:
        MonthNotOverError: it is not the last day of a month.
        NothingToDeleteError: no bill is due; the month was processed before, or never billed.
        UnpaidBillsError: `whole_month`, and bills are open.
    """
    due = due_bills(request)
    first, last = last_month(request)
    open_bills = and_(
        bill.c.billed_date.between(first, last),
        bill.c.paid_date.is_(None),
        bill.c.cancelled_date.is_(None),
    )
    wanted = _number(connection, select(func.count()).select_from(bill).where(due))
    unpaid = _number(connection, select(func.count()).select_from(bill).where(open_bills))
    named = connection.scalars(
        select(bill.c.bill_no).where(open_bills).order_by(bill.c.bill_no).limit(_NAMED)
    ).all()
    connection.rollback()
    if not wanted:
        raise NothingToDeleteError(first)
    if whole_month and unpaid:
        raise UnpaidBillsError(first, unpaid, named)


def _number(connection: Connection, counted: Select[int]) -> int:
    return connection.scalars(counted).one()
