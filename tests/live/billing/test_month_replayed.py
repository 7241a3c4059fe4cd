"""The billing month on live servers: its rules hold after it, and are seen to break."""

from datetime import date

import pytest
from live.loading.conftest import filled  # noqa: F401 - a fixture
from sqlalchemy import func, select

from harness.engines import ENGINES, Isolation
from harness.errors import UsageError
from harness.loading.loader import load
from harness.replay.arrivals import poisson
from harness.replay.day import Circumstances
from harness.replay.opening import Place
from harness.replay.plan import BatchTime, Pace, plan_day
from harness.replay.replayer import Replayer
from harness.replay.tally import End
from schema.billing import bill
from schema.billing.generator import generate
from workloads.billing.batch.bill_registration import BillRegistrationRequest, bill_registration
from workloads.billing.month import MENDED_MONTH, MONTH
from workloads.billing.month.business import Month

pytestmark = pytest.mark.integration

FIRST = date(2024, 10, 1)
SCALE, MEMBERS, SECONDS = 0.002, 200, 1.5
BUSINESS = generate(SCALE, 3, FIRST)


@pytest.fixture
def first_day(filled):  # noqa: F811 - asks for the fixture
    load(ENGINES[filled.kind], filled.url, BUSINESS, lambda _blocks, _rows: None)
    return filled


def circumstances(folder, first=FIRST):
    return Circumstances(SCALE, 3, first, folder)


def observed(database):
    with database.engine.connect() as connection:
        return [rule.observe(connection) for rule in MONTH.invariants]


def judged(before, after):
    both = zip(MONTH.invariants, before, after, strict=True)
    return [said for rule, *seen in both if (said := rule.judge(seen)) is not None]


def test_after_the_month_its_rules_hold(first_day, tmp_path):
    replay(MONTH, first_day, tmp_path)


@pytest.mark.engines("mysql")
def test_after_the_mended_month_they_hold_as_well(first_day, tmp_path):
    replay(MENDED_MONTH, first_day, tmp_path)


def replay(month, first_day, tmp_path):
    with first_day.engine.connect() as connection:
        prepared = month.prepare(connection, circumstances(tmp_path))
    before = observed(first_day)
    counts = {name: max(1, round(p.daily * SCALE)) for name, p in month.programs.items()}
    pace = Pace(speed=month.length_s / SECONDS, processes=1, connections=2)
    arrivals = poisson(counts, month.opens_s, month.closes_s, 3)
    plan = plan_day(month, pace, arrivals, prepared)
    place = Place(first_day.kind, first_day.url, Isolation.READ_COMMITTED, 5)
    found = Replayer(place, plan, prepared.stages, BatchTime.BESIDE).run(lambda _moment: None)
    assert [job["end"] for job in found.jobs] == [End.COMMITTED.value] * 9, found.jobs
    assert sum(tally.ended for tally in found.tallies.values()) == plan.total
    assert judged(before, observed(first_day)) == []
    added = sum(job["added"] for job in found.jobs)
    assert added == MEMBERS + sum(1 for _ in _lines_of_this_month())
    assert found.jobs[-1]["deleted"] > 2 * MEMBERS
    with first_day.engine.connect() as connection:
        here = select(func.count()).select_from(bill).where(bill.c.billed_date >= FIRST)
        assert connection.scalar(here) == MEMBERS


def _lines_of_this_month():
    month = Month(MEMBERS, 3, FIRST)
    return (p for group in (1, 2, 3, 4) for one in month.purchases(group) for p in one.products)


@pytest.mark.engines("postgresql")
def test_a_group_that_is_billed_twice_is_told(first_day, tmp_path):
    before = observed(first_day)
    month = Month(MEMBERS, 3, FIRST)
    request = BillRegistrationRequest(1, FIRST.replace(day=7), FIRST, month.purchases(1))
    with first_day.engine.connect() as connection:
        bill_registration(connection, request)
        bill_registration(connection, request)
    said = judged(before, observed(first_day))
    assert [text.partition(":")[0] for text in said] == ["member 1"]
    assert "billed 2 times in 2024-10" in said[0]


@pytest.mark.engines("postgresql")
def test_a_month_begins_on_its_first_day(first_day, tmp_path):
    with (
        first_day.engine.connect() as connection,
        pytest.raises(UsageError, match="a month is replayed from its first day"),
    ):
        MONTH.prepare(connection, circumstances(tmp_path, FIRST.replace(day=15)))
