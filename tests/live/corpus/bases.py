"""All bases and their planted bugs."""

from collections.abc import Mapping

from live.corpus import (
    bookings,
    counters,
    courses,
    documents,
    invoices,
    jobs,
    members,
    orphans,
    rosters,
    stocks,
    transfers,
    withdrawals,
)
from live.corpus.planted import Base, Planted

BASES = (
    withdrawals.BASE,
    transfers.TRANSFER,
    transfers.AUDIT,
    rosters.BASE,
    bookings.BASE,
    courses.BASE,
    members.BASE,
    counters.BASE,
    documents.BASE,
    stocks.BASE,
    invoices.BASE,
    jobs.BASE,
    orphans.BASE,
)

CORPUS: Mapping[str, tuple[Base, Planted]] = {
    name: (base, entry) for base in BASES for name, entry in base.all().items()
}
