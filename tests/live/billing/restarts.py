"""What is run again after problem A, on which tables, and whether that is right."""

from dataclasses import dataclass

from sqlalchemy import MetaData

from schema.billing import metadata
from workloads.billing.batch.bill_registration import (
    BillRegistrationRequest,
    bill_registration,
    bill_registration_by_month,
    bill_registration_claiming,
    bill_registration_past_existing,
    bill_registration_restart,
)
from workloads.billing.problems.problem_a import (
    AFTER_MIDNIGHT,
    FIRST_RUN,
    PROBLEM_A,
    Registration,
)


@dataclass(frozen=True)
class Restart:
    program: Registration
    again: BillRegistrationRequest
    tables: MetaData
    doubles: bool
    """Whether who was billed by the first run is billed by the second as well."""


def _restart(variant, program, again, *, doubles=False):
    return Restart(program, again, PROBLEM_A.variants[variant].metadata or metadata, doubles)


RESTARTS = {
    "current": _restart("current", bill_registration, FIRST_RUN, doubles=True),
    "unique-date": _restart("unique-date", bill_registration_past_existing, FIRST_RUN),
    "unique-date-midnight": _restart(
        "unique-date-midnight", bill_registration_past_existing, AFTER_MIDNIGHT, doubles=True
    ),
    "billing-month": _restart("billing-month", bill_registration_by_month, AFTER_MIDNIGHT),
    "restart-date": _restart("restart-date", bill_registration_restart, AFTER_MIDNIGHT),
    "claim-date": _restart("claim-date", bill_registration_claiming, AFTER_MIDNIGHT),
}
