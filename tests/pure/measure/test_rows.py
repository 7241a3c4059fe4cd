"""The rows that are measured: as many as were asked for, and consistent."""

from collections import Counter, defaultdict

import pytest

from schema.vehicle_maintenance import metadata
from workloads.vehicle_maintenance.measurements.day import column_of, values_of
from workloads.vehicle_maintenance.measurements.day_results import (
    AS_THEY_CAME,
    BY_CONTRACT,
    day_results,
)
from workloads.vehicle_maintenance.measurements.due_orders import UNTIL, due_orders
from workloads.vehicle_maintenance.measurements.problem_3 import ranges


def collected(generated):
    found = defaultdict(list)
    for block in generated.rows():
        for name, rows in block.items():
            found[name] += rows
    return found


def see_references(rows):
    for table in metadata.tables.values():
        for constraint in table.foreign_key_constraints:
            target = constraint.elements[0].column.table.name
            there = {
                values_of(target, row, *(e.column.name for e in constraint.elements))
                for row in rows[target]
            }
            named = {
                values_of(table.name, row, *constraint.column_keys) for row in rows[table.name]
            }
            assert {key for key in named if None not in key} <= there, constraint


@pytest.mark.parametrize("number", [40, 700, 2000])
def test_as_many_orders_are_due_as_were_asked_for(number):
    rows = collected(due_orders(number, seed=3))
    due = column_of("maintenance_order", "next_report_date")
    assert sum(row[due] <= UNTIL for row in rows["maintenance_order"]) == number
    assert len(rows["maintenance_order"]) > number
    see_references(rows)


def test_the_same_results_are_numbered_in_two_ways():
    rows = collected(day_results(600, seed=3))
    see_references(rows)
    by_day = defaultdict(list)
    for row in rows["work_result"]:
        by_day[row[0]].append(row)
    assert by_day.keys() == {AS_THEY_CAME, BY_CONTRACT}
    contract = column_of("work_result", "contract_no")
    for day in by_day.values():
        assert sorted(row[1] for row in day) == list(range(1, 601))
        assert set(Counter(row[contract] for row in day).values()) == {2}
    numbered = [row[contract] for row in sorted(by_day[BY_CONTRACT])]
    assert numbered == sorted(numbered)
    came = [row[contract] for row in sorted(by_day[AS_THEY_CAME])]
    assert came != sorted(came)


@pytest.mark.parametrize("number", [6, 7, 601])
def test_rows_that_cannot_be_made_are_refused(number):
    with pytest.raises(ValueError, match="must be an even number of 8 or more"):
        day_results(number, seed=1)


@pytest.mark.parametrize("jobs", [1, 2, 3, 4])
def test_ranges_cover_every_number_once_and_share_a_contract_at_each_border(jobs):
    found = ranges(2000, jobs)
    assert len(found) == jobs
    assert [n for first, last in found for n in range(first, last + 1)] == list(range(1, 2001))
    # Numbered by contract, 1 and 2 are of one contract, 3 and 4 of the next.
    assert all(last % 2 == 1 for _, last in found[:-1])
