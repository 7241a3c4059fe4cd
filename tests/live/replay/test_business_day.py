"""The morning of the business day, on live servers."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from harness.engines import ENGINES
from harness.loading.loader import load
from harness.replay.day import SPARE, Circumstances
from schema.vehicle_maintenance import maintenance_schedule, wk1, wk2
from schema.vehicle_maintenance.generator import generate
from workloads.vehicle_maintenance.business_day import DAY
from workloads.vehicle_maintenance.business_day.requests import all_requests

pytestmark = pytest.mark.integration

SCALE, TODAY = 0.002, date(2024, 10, 15)

# What the first engine drew: the others must draw the same.
drawn: dict[str, str] = {}


def test_the_morning_is_the_same_on_every_engine_and_has_something_for_everybody(filled, tmp_path):
    load(ENGINES[filled.kind], filled.url, generate(SCALE, 2, TODAY), lambda _blocks, _rows: None)
    with filled.engine.connect() as connection:
        before = connection.scalar(select(func.count()).select_from(maintenance_schedule))
        connection.rollback()
        found = DAY.prepare(connection, Circumstances(SCALE, 2, TODAY, tmp_path))
        after = connection.scalar(select(func.count()).select_from(maintenance_schedule))
        for table in (wk1, wk2):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    assert after > before
    for name, program in DAY.programs.items():
        wanted = round(program.daily * SCALE)
        assert len(found.requests[name]) >= wanted, name
        assert len(found.requests[name]) <= wanted + SPARE
    assert len(found.stages) == 9
    told = repr(found.requests)
    assert drawn.setdefault("requests", told) == told


@pytest.mark.engines("postgresql")
def test_the_same_seed_draws_the_same_and_another_draws_others(filled, tmp_path):
    load(ENGINES[filled.kind], filled.url, generate(SCALE, 2, TODAY), lambda _blocks, _rows: None)
    with filled.engine.connect() as connection:
        first = DAY.prepare(connection, Circumstances(SCALE, 2, TODAY, tmp_path))
        again = all_requests(connection, Circumstances(SCALE, 2, TODAY, tmp_path))
        other = all_requests(connection, Circumstances(SCALE, 3, TODAY, tmp_path))
    assert repr(first.requests) == repr(again) != repr(other)
