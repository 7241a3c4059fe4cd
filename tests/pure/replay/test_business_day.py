"""The day's numbers are the exam's."""

import pytest

from workloads.vehicle_maintenance.business_day import DAY, EXPECTED_ROWS
from workloads.vehicle_maintenance.business_day.requests import SHARES
from workloads.vehicle_maintenance.table_4 import TITLES

# What one request adds and updates, by the kind of request (exam tables 2 and 4).
WRITES = {
    "new contract": (4, 0),
    "contract change": (0, 2),
    "new vehicle": (2, 1),
    "vehicle change": (0, 1),
}


def test_the_rows_are_those_of_the_exams_sums():
    assert sum(rows.added for rows in EXPECTED_ROWS.values()) == 190_000
    assert sum(rows.updated for rows in EXPECTED_ROWS.values()) == 100_000
    assert EXPECTED_ROWS.keys() == TITLES.keys()


@pytest.mark.parametrize(
    ("program", "kinds"),
    [
        ("contract_registration", ("new contract", "contract change")),
        ("vehicle_registration", ("new vehicle", "vehicle change")),
    ],
)
def test_requests_at_their_shares_give_the_exams_rows(program, kinds):
    share = SHARES[program]
    daily = DAY.programs[program].daily
    numbers = (daily * share, daily * (1 - share))
    added, updated = (
        sum(n * WRITES[kind][which] for n, kind in zip(numbers, kinds, strict=True))
        for which in (0, 1)
    )
    expected = EXPECTED_ROWS[program]
    assert (round(added), round(updated)) == (expected.added, expected.updated)


def test_every_program_of_the_exam_is_online_or_batch():
    assert {*DAY.programs, *DAY.jobs} == TITLES.keys()
    assert len(DAY.programs) == 5


def test_online_time_is_nine_to_nineteen():
    assert (DAY.opens_s, DAY.closes_s, DAY.length_s) == (9 * 3600, 19 * 3600, 36_000)
