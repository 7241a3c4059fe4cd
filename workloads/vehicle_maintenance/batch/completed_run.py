"""Mark batch work as done, in the transaction that does it."""

from datetime import date

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from schema.vehicle_maintenance import batch_run
from workloads.vehicle_maintenance.refusals import AlreadyDoneError


def mark_run(
    connection: Connection, program_name: str, report_date: date, first: int, last: int
) -> None:
    """Add the row that says that a range of sort sequence numbers of a day is done.

    It is there for others once the caller commits. A second run meanwhile waits for that, and is
    then refused.

    Raises:
        AlreadyDoneError: a run from the same first number has been committed; rolled back.
    """
    try:
        connection.execute(
            insert(batch_run).values(
                program_name=program_name,
                report_date=report_date,
                first_sort_seq=first,
                last_sort_seq=last,
            )
        )
    except IntegrityError as error:
        connection.rollback()
        raise AlreadyDoneError(program_name, report_date, (first, last)) from error
