"""Problem 1: contract registration (契約登録) waits until report creation (報告作成) ends.

Report creation, moved into online hours, updates the maintenance order (受託) of every report and
commits once at its end. A clerk who changes one of these orders meanwhile waits for all that is
still to be reported (exam, table 6). The question is not what comes out but how long somebody
waits, so it is judged by the steps of report creation that pass while the clerk waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import Connection

from harness.checks.verdict import Verdict
from harness.engines.engine import Engine, Isolation
from harness.programs import Program
from harness.scenario import Scenario, Variant
from schema.vehicle_maintenance import metadata
from schema.vehicle_maintenance.fixture import BUSINESS_DATE, PROBLEM_2_SCHEDULE, load
from schema.vehicle_maintenance.vocabulary import INSPECTION, RELEASE_BOOKING
from workloads.vehicle_maintenance.batch.report_creation import (
    ReportCreationRequest,
    report_creation,
    report_creation_commit_per_order,
)
from workloads.vehicle_maintenance.online.contract_registration import (
    ContractChange,
    OrderTerms,
    contract_registration,
)
from workloads.vehicle_maintenance.online.reservation_registration import (
    ReservationRequest,
    reservation_registration,
)

LONGEST_WAIT = 2
"""Steps of report creation for which a clerk may wait: less than one report takes."""

# The clerk has the inspections of one vehicle reported every three months from now on.
_CHANGE = ContractChange(
    1001,
    "new lease",
    date(2027, 6, 30),
    (OrderTerms(2, INSPECTION, date(2022, 7, 1), date(2027, 6, 30), 3),),
)
_BOOKING = ReservationRequest(
    PROBLEM_2_SCHEDULE, RELEASE_BOOKING, planned_release_date=BUSINESS_DATE + timedelta(days=2)
)
# Two orders are due until then, both of the contract that is changed.
_UNTIL = ReportCreationRequest(date(2024, 10, 31))

_REGISTRATION = Program(
    "contract registration (契約登録)",
    lambda connection: contract_registration(connection, _CHANGE),
)
_RESERVATION = Program(
    "reservation registration (予約登録)",
    lambda connection: reservation_registration(connection, _BOOKING),
)


def _reports(create: Callable[[Connection, ReportCreationRequest], object]) -> Program:
    return Program("report creation (報告作成)", lambda connection: create(connection, _UNTIL))


def _waits(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    return Verdict.VIOLATED


def _holds(_engine: Engine, _version: str, _isolation: Isolation) -> Verdict:
    return Verdict.HOLDS


_VARIANTS = (
    Variant(
        "current",
        "report creation commits once, at its end",
        {"T1": _REGISTRATION, "T2": _reports(report_creation)},
        _waits,
    ),
    Variant(
        "commit-per-order",
        "report creation commits after each maintenance order, as the exam asks",
        {"T1": _REGISTRATION, "T2": _reports(report_creation_commit_per_order)},
        _holds,
    ),
    Variant(
        "booking",
        "as 'current', for a clerk who books: reservation registration locks the order as well",
        {"T1": _RESERVATION, "T2": _reports(report_creation)},
        _waits,
    ),
    Variant(
        "booking-commit-per-order",
        "as 'commit-per-order', for a clerk who books",
        {"T1": _RESERVATION, "T2": _reports(report_creation_commit_per_order)},
        _holds,
    ),
)

PROBLEM_1 = Scenario(
    name="problem-1",
    title="a contract is changed while reports are created",
    question="does the clerk wait for more than one report?",
    metadata=metadata,
    load=load,
    variants={variant.name: variant for variant in _VARIANTS},
    longest_wait={"T1": LONGEST_WAIT},
)
