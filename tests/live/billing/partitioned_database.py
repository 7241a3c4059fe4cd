"""Two months of bills in partitions, and what is asked of them."""

from dataclasses import replace
from datetime import timedelta

from harness.engines import ENGINES
from harness.loading.loader import read_digests
from schema.billing import bill, metadata
from workloads.billing.measurements.month import MONTH_END
from workloads.billing.replacement.killed import PARTITIONS

MEMBERS = 50
DATA = PARTITIONS.data(MEMBERS)
PLAIN = replace(DATA, metadata=metadata)
NEXT_MONTH = MONTH_END.processing_date + timedelta(days=1)


def digests(database):
    _, held = read_digests(ENGINES[database.kind], database.url, DATA.metadata)
    return held


def registered(database):
    """The number of a bill of the next month's."""
    row = {"member_no": 1, "billed_date": NEXT_MONTH, "line_count": 1}
    with database.engine.begin() as connection:
        (number,) = connection.execute(bill.insert().values(row)).inserted_primary_key
    return number
