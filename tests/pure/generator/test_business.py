"""Generated data: the same for the same seed, in step with the tables' rules, whatever the size."""

from collections import Counter
from datetime import date, timedelta

import pytest
from pure.generator.made import in_sqlite, peak_bytes, rows_by_table
from sqlalchemy import select

from schema.vehicle_maintenance import (
    batch_run,
    maintenance_order,
    maintenance_schedule,
    metadata,
    vehicle,
    work_result,
)
from schema.vehicle_maintenance.generator import generate
from schema.vehicle_maintenance.invariants import (
    expected_progress_rows,
    observe_current_arrangements,
    observe_progress_rows,
    progress_row_missing,
)

TODAY = date(2024, 10, 15)
TWO_BLOCKS = 0.015


def all_rows(scale=0.001, seed=1, day=TODAY):
    return rows_by_table(generate(scale, seed, day))


@pytest.fixture(scope="module")
def loaded():
    """Two blocks, every foreign key and every check kept."""
    with in_sqlite(generate(TWO_BLOCKS, 1, TODAY)) as connection:
        yield connection


def test_same_seed_gives_the_same_rows():
    assert all_rows(seed=7) == all_rows(seed=7)


def test_another_seed_gives_other_rows():
    assert all_rows(seed=7)["contract"] != all_rows(seed=8)["contract"]


def test_another_business_date_moves_every_date():
    later = all_rows(day=TODAY + timedelta(days=100))
    for name, column in (("vehicle", 11), ("contract", 4), ("maintenance_schedule", 2)):
        moved = [row[column] - timedelta(days=100) for row in later[name]]
        assert moved == [row[column] for row in all_rows()[name]]


def test_every_foreign_key_and_check_holds_in_the_order_of_loading(loaded):
    assert len(loaded.scalars(select(vehicle.c.vehicle_no)).all()) == 100_000 * TWO_BLOCKS


def test_a_row_that_breaks_a_foreign_key_would_be_seen(loaded):
    from sqlalchemy.exc import IntegrityError

    row = {"contract_no": -1, "order_no": 1, "maintenance_class": "service"}
    row |= dict.fromkeys(("order_start_date", "order_end_date", "next_report_date"), TODAY)
    with loaded.begin_nested(), pytest.raises(IntegrityError):
        loaded.execute(maintenance_order.insert(), row | {"report_interval_months": 6})


def test_every_progress_row_that_a_schedule_calls_for_is_there(loaded):
    expected = expected_progress_rows(observe_current_arrangements(loaded))
    observed = observe_progress_rows(loaded)
    assert progress_row_missing(expected, observed) is None
    assert progress_row_missing(expected, observed - {min(expected)}) is not None


def test_schedules_stand_at_every_arrangement_that_online_programs_wait_for(loaded):
    found = Counter(loaded.scalars(select(maintenance_schedule.c.current_arrangement_no)))
    assert found.keys() == {1, 2, 3, 4, 5, 6, 8}


def test_as_many_results_are_reported_today_as_in_the_exam(loaded):
    """20,000 at scale 1, numbered without gaps, not taken over."""
    today = work_result.c.report_date == TODAY
    numbers = loaded.scalars(select(work_result.c.sort_seq).where(today)).all()
    assert sorted(numbers) == list(range(1, round(20_000 * TWO_BLOCKS) + 1))
    standing = select(maintenance_schedule.c.current_arrangement_no).join(work_result).where(today)
    assert set(loaded.scalars(standing)) == {5}


def test_the_reports_of_one_contract_are_far_apart(loaded):
    """Else parallel jobs over ranges of numbers would never meet on one (exam problem 3)."""
    c = work_result.c
    found = loaded.execute(select(c.contract_no, c.sort_seq).where(c.report_date == TODAY)).all()
    middle = len(found) // 2
    sides = {}
    for contract_no, sort_seq in found:
        sides.setdefault(contract_no, set()).add(sort_seq <= middle)
    on_both_sides = sum(len(side) == 2 for side in sides.values())
    assert on_both_sides > len(sides) / 2


def test_batch_runs_tell_what_is_registered_and_what_is_not_added_up(loaded):
    done = dict(
        loaded.execute(
            select(batch_run.c.program_name, batch_run.c.last_sort_seq).where(
                batch_run.c.report_date == TODAY
            )
        ).all()
    )
    assert done == {"result_registration": round(20_000 * TWO_BLOCKS)}


@pytest.mark.parametrize(
    ("column", "days", "at_scale_1", "tolerance"),
    [
        (maintenance_order.c.next_report_date, 30, 20_000, 0.5),
        (vehicle.c.next_inspection_due_date, 91, 30_000, 0.5),
        (vehicle.c.shaken_expiry_date, 182, 30_000, 0.5),
    ],
)
def test_what_falls_due_is_what_the_exam_counts(loaded, column, days, at_scale_1, tolerance):
    """Exam table 3, with windows of a month, a quarter and half a year, which it does not name."""
    found = len(loaded.scalars(select(column).where(column <= TODAY + timedelta(days=days))).all())
    expected = at_scale_1 * TWO_BLOCKS
    assert expected * (1 - tolerance) < found < expected * (1 + tolerance)


def test_memory_does_not_grow_with_the_scale():
    peaks = [peak_bytes(generate(scale, 1, TODAY)) for scale in (0.02, 0.05)]
    assert peaks[1] < peaks[0] * 1.2


@pytest.mark.parametrize("scale", [0.0002, 0.00035, 0.001, 0.0101])
def test_odd_sizes_keep_the_keys_apart(scale):
    found = all_rows(scale)
    assert len(found["vehicle"]) == len(found["contract"]) == round(100_000 * scale)
    for table in metadata.sorted_tables:
        names = [column.name for column in table.columns]
        places = [names.index(column.name) for column in table.primary_key.columns]
        keys = [tuple(row[place] for place in places) for row in found[table.name]]
        assert len(keys) == len(set(keys)), table.name


@pytest.mark.parametrize(
    ("scale", "seed", "day", "said"),
    [
        (0, 1, TODAY, "scale 0: must be from 0.0002 to 100"),
        (-1, 1, TODAY, "scale -1: must be"),
        (float("nan"), 1, TODAY, "scale nan: must be"),
        (float("inf"), 1, TODAY, "scale inf: must be"),
        (101, 1, TODAY, "scale 101: must be"),
        (1, -1, TODAY, "seed -1: must be a whole number from 0"),
        (1, 1 << 32, TODAY, "seed 4294967296: must be"),
        (1, 1, date(1, 1, 1), "business date 0001-01-01: the year must be from 1900 to 9000"),
    ],
)
def test_what_is_out_of_bounds_is_refused(scale, seed, day, said):
    with pytest.raises(ValueError, match=said):
        generate(scale, seed, day)


def test_the_ends_of_the_bounds_are_accepted():
    assert generate(100, 0, TODAY).vehicles == 10_000_000
    for year in (1900, 9000):
        assert next(iter(generate(0.0002, 1, date(year, 1, 1)).rows()))["vehicle"]
