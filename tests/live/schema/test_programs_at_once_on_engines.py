"""Pairs of programs that must hold at once, in every possible interleaving, on every engine."""

from datetime import date
from functools import partial

import pytest
from sqlalchemy import delete, insert

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from harness.programs import Program
from harness.scenario import Scenario, Variant
from schema.vehicle_maintenance import fixture, metadata, progress, work_result
from schema.vehicle_maintenance.vocabulary import ADVANCE_NOTICE
from workloads.vehicle_maintenance.batch.inspection_rate_update import (
    InspectionRateRequest,
    inspection_rate_update,
)
from workloads.vehicle_maintenance.online.contract_registration import (
    ContractChange,
    OrderTerms,
    contract_registration,
)
from workloads.vehicle_maintenance.online.document_issue import DocumentRequest, document_issue
from workloads.vehicle_maintenance.refusals import AlreadyDoneError

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize(
        "isolation",
        [Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ],
        ids=lambda level: level.slug,
    ),
]

TODAY = fixture.BUSINESS_DATE


def load(connection):
    """One report on contract 1001 and one on 1002; and nobody has been given a notice."""
    fixture.load(connection, fixture.problem_2_rows())
    (report,) = fixture.problem_2_rows()["work_result"]
    other = {**fixture.SHAKEN_SCHEDULE._asdict(), "sort_seq": 2}
    connection.execute(insert(work_result), [report | other])
    connection.execute(delete(progress).where(progress.c.arrangement_no == ADVANCE_NOTICE))


def explored(database, isolation, *runs):
    programs = {
        f"T{n}": Program(f"T{n}", run, (AlreadyDoneError,)) for n, run in enumerate(runs, start=1)
    }
    variant = Variant("current", "as they are", programs)
    scenario = Scenario("pair", "pair", "?", metadata, load, {"current": variant})
    return explore(database.target, scenario, variant, isolation, bounds=Bounds(reduction=True))


def job(number):
    request = InspectionRateRequest(TODAY, number, number)
    return partial(inspection_rate_update, request=request)


def change(interval):
    terms = OrderTerms(2, "inspection", date(2022, 7, 1), date(2027, 6, 30), interval)
    changed = ContractChange(1001, "new lease", date(2027, 6, 30), (terms,))
    return partial(contract_registration, request=changed)


NOTICE = partial(document_issue, request=DocumentRequest(fixture.PROBLEM_2_SCHEDULE))


def test_jobs_on_other_contracts_hold_and_never_meet(database, isolation):
    """So what marks a range as done brings no lock that the exam's program has not."""
    cell = explored(database, isolation, job(1), job(2))
    assert (cell.verdict, cell.possible_waits, cell.possible_deadlocks) == (Verdict.HOLDS, 0, 0)


def test_the_same_job_started_twice_is_done_once(database, isolation):
    cell = explored(database, isolation, job(1), job(1))
    assert cell.verdict is Verdict.HOLDS, cell.unknown
    assert cell.possible_waits > 0


def test_two_changes_of_a_contract_hold(database, isolation):
    cell = explored(database, isolation, change(3), change(12))
    assert cell.verdict is Verdict.HOLDS, cell.unknown


def test_two_clerks_issue_one_notice_and_one_copy(database, isolation):
    assert explored(database, isolation, NOTICE, NOTICE).verdict is Verdict.HOLDS
