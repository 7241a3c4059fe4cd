"""The evening's data: the day's results are in the file, and nowhere else."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date

import pytest

from schema.vehicle_maintenance import batch_run, vehicle_record, work_result
from schema.vehicle_maintenance.generator import generate
from workloads.vehicle_maintenance.batch.received_file import read_reports
from workloads.vehicle_maintenance.night.evening import Evening, received_name
from workloads.vehicle_maintenance.night.programs import PLANNED_DAYS, prepare, redefine

TODAY = date(2024, 10, 15)


@pytest.fixture
def evening(tmp_path):
    business = generate(0.004, 5, TODAY)
    found = Evening(business, tmp_path / received_name(TODAY))
    return business, list(found.rows()), tmp_path / received_name(TODAY)


def rows_of(blocks, table):
    names = table.columns.keys()
    return [dict(zip(names, row, strict=True)) for b in blocks for row in b[table.name]]


def test_the_days_results_are_in_the_file_and_not_in_the_tables(evening):
    business, blocks, path = evening
    taken = [r for r in rows_of(business.rows(), work_result) if r["report_date"] == TODAY]
    assert len(taken) == 2 * (business.vehicles // 10)
    assert not [r for r in rows_of(blocks, work_result) if r["report_date"] == TODAY]
    reports = read_reports(path)
    assert sum(len(report.items) for report in reports) == len(taken)
    assert Counter(i.points for report in reports for i in report.items) == Counter(
        row["points"] for row in taken
    )


def test_their_records_and_their_mark_are_taken_out_and_nothing_else(evening):
    business, blocks, path = evening
    everything = list(business.rows())
    for table, gone in ((vehicle_record, "vehicle_record"), (batch_run, "batch_run")):
        before, after = rows_of(everything, table), rows_of(blocks, table)
        lost = [row for row in before if row not in after]
        day = "record_date" if gone == "vehicle_record" else "report_date"
        assert {row[day] for row in lost} == {TODAY}
        assert len(after) == len(before) - len(lost)
    others = [t for t in business.metadata.tables if t not in {"work_result", "vehicle_record"}]
    for name in set(others) - {"batch_run"}:
        assert [b[name] for b in blocks] == [list(b[name]) for b in everything]
    with path.open(encoding="utf-8") as file:
        lines = len(list(csv.reader(file))) - 1
    lost = len(rows_of(everything, vehicle_record)) - len(rows_of(blocks, vehicle_record))
    assert lines == lost  # one record for each work item


def test_what_is_extracted_lies_behind_what_has_been_planned(tmp_path):
    """Else schedule creation would meet a schedule of the generator's."""
    prepared = prepare(0.002, 1, TODAY, tmp_path)
    asked = prepared.programs["inspection_extraction"].keywords["request"]
    assert (asked.first_due_date - TODAY).days == PLANNED_DAYS + 1


def test_only_work_tables_are_redefined():
    with pytest.raises(ValueError, match="table 'vehicle': is no work table"):
        redefine(None, ["vehicle"])


@pytest.mark.parametrize("scale", [0, -1, 1e9, float("nan")])
def test_a_size_out_of_bounds_is_refused(tmp_path, scale):
    with pytest.raises(ValueError, match="must be from"):
        prepare(scale, 1, TODAY, tmp_path)
