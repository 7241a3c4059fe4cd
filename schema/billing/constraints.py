"""The tables with what mends problem A: a constraint that refuses a second bill.

Each is the same four tables in a collection of its own, so that the tables as they were and the
mended ones can be made side by side in two databases.
"""

from typing import Final

from sqlalchemy import Column, Date, MetaData, Table, UniqueConstraint

from schema.billing.bills import bill
from schema.billing.collection import metadata
from schema.naming import new_metadata


def _copied() -> MetaData:
    copy = new_metadata()
    for table in metadata.sorted_tables:
        table.to_metadata(copy)
    return copy


def _with_billed_date() -> MetaData:
    tables = _copied()
    tables.tables[bill.name].append_constraint(UniqueConstraint("member_no", "billed_date"))
    return tables


def _with_billing_month() -> MetaData:
    tables = _copied()
    found = tables.tables[bill.name]
    # Empty in bills that are older than the column: no engine counts two empty ones as equal.
    found.append_column(Column("billing_month", Date, nullable=True, comment="請求年月"))
    found.append_constraint(UniqueConstraint("member_no", "billing_month"))
    return tables


# The exam's own answer to problem A (検討A): one bill for a member on a day.
unique_billed_date: Final[MetaData] = _with_billed_date()

# Safer, as the billed date is the day of processing and a re-run may come after midnight: the month
# that the bill is for, as its first day, whenever it is processed.
unique_billing_month: Final[MetaData] = _with_billing_month()

bill_of_month: Final[Table] = unique_billing_month.tables[bill.name]
