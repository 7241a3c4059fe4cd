"""Result registration and inspection rate update, on every engine."""

from datetime import date

import pytest
from live.schema.stopping import refused
from sqlalchemy import delete, select, update

from schema.vehicle_maintenance import (
    batch_run,
    contract,
    fixture,
    inspection_sheet,
    vehicle_record,
    work_result,
)
from workloads.vehicle_maintenance import day
from workloads.vehicle_maintenance.batch import received_file
from workloads.vehicle_maintenance.batch.inspection_rate_update import (
    InspectionRateRequest,
    InspectionRateResult,
    inspection_rate_update,
)
from workloads.vehicle_maintenance.batch.received_file import ReceivedFileError
from workloads.vehicle_maintenance.batch.result_registration import (
    ResultRegistrationRequest,
    ResultRegistrationResult,
    result_registration,
)
from workloads.vehicle_maintenance.refusals import AlreadyDoneError, SheetNotFoundError

pytestmark = pytest.mark.integration

TODAY = fixture.BUSINESS_DATE


def points(connection):
    c = inspection_sheet.c
    found = dict(connection.execute(select(c.contract_no, c.actual_points)).all())
    connection.commit()
    return found


def received(folder, *changes):
    """The day's file with texts replaced."""
    path = day.write_received_file(folder)
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return ResultRegistrationRequest(day.REPORT_DATE, path)


def test_a_file_is_numbered_report_by_report_and_recorded_item_by_item(connection, tmp_path):
    assert result_registration(connection, received(tmp_path)) == ResultRegistrationResult(2, 3)
    w = work_result.c
    assert connection.execute(
        select(w.sort_seq, w.work_item_no, w.contractor_code, w.contract_no, w.points, w.amount)
        .where(w.report_date == day.REPORT_DATE)
        .order_by(w.sort_seq, w.work_item_no)
    ).all() == [
        (1, 41, "W01", 1001, 8, 4200),
        (1, 42, "W01", 1001, 6, 1500),
        (2, 12, "W01", 1003, 12, 18000),
    ]
    r = vehicle_record.c
    assert connection.execute(
        select(r.vehicle_no, r.record_no, r.result, r.description)
        .where(r.record_date == day.REPORT_DATE)
        .order_by(r.vehicle_no, r.record_no)
    ).all() == [
        (101, 3, "good", "oil, l (Minato Motor Works)"),
        (101, 4, "good", "oil filter (Minato Motor Works)"),
        (103, 3, "good", "yearly inspection (Minato Motor Works)"),
    ]
    assert connection.execute(select(batch_run)).all() == [
        ("result_registration", day.REPORT_DATE, 1, 2)
    ]


def test_a_second_file_for_the_same_day_is_refused(connection, tmp_path):
    result_registration(connection, received(tmp_path))
    other = received(tmp_path, (",41,", ",43,"), (",42,", ",44,"), (",12,12,", ",13,12,"))
    said = refused(connection, AlreadyDoneError, result_registration, other)
    assert said == (
        "result_registration: report date 2024-10-16, sort sequence 1 to 2: "
        "is done already, or part of it is; nothing has been changed"
    )


def test_malformed_lines_are_named_and_nothing_is_registered(connection, tmp_path):
    request = received(tmp_path, (",8,good", ",eight,good"), (",18000,18000", ",18000"))
    said = refused(connection, ReceivedFileError, result_registration, request)
    assert said.splitlines()[:3] == [
        f"{request.file}: 2 lines cannot be taken",
        f"  {request.file}:2: points 'eight': is not a whole number",
        f"  {request.file}:4: has 10 fields, not 11",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            [("1003,2,2024-10-21", "1003,2,2024-10-22")],
            "4: contract 1003, order 2, planned start 2024-10-22: no such maintenance schedule",
        ),
        (
            [("W01,1003", "W02,1003")],
            "4: contract 1003, order 2, planned start 2024-10-21: is planned with contractor "
            "'W01', not 'W02'",
        ),
    ],
    ids=["no schedule", "another contractor"],
)
def test_a_line_that_the_tables_contradict_is_named(connection, tmp_path, changes, sentence):
    request = received(tmp_path, *changes)
    said = refused(connection, ReceivedFileError, result_registration, request)
    assert said.splitlines()[1] == f"  {request.file}:{sentence}"


def test_a_report_on_a_contract_without_a_vehicle_is_refused(connection, tmp_path):
    connection.execute(
        update(contract).where(contract.c.contract_no == 1003).values(vehicle_no=None)
    )
    connection.commit()
    said = refused(connection, ReceivedFileError, result_registration, received(tmp_path))
    assert "2024-10-21: the contract has no vehicle" in said


def test_a_file_without_lines_leaves_the_day_open(connection, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text(",".join(received_file.COLUMNS) + "\n")
    empty = ResultRegistrationRequest(day.REPORT_DATE, path)
    assert result_registration(connection, empty) == ResultRegistrationResult(0, 0)
    assert result_registration(connection, received(tmp_path)).reports == 2


def test_a_long_file_is_asked_for_in_parts(connection, tmp_path, monkeypatch):
    monkeypatch.setattr("workloads.vehicle_maintenance.batch.result_registration._KEYS_AT_ONCE", 1)
    assert result_registration(connection, received(tmp_path)) == ResultRegistrationResult(2, 3)


def test_points_are_added_to_the_sheet_of_their_contract(connection):
    before = points(connection)
    result = inspection_rate_update(connection, InspectionRateRequest(TODAY, 1, 2))
    assert result == InspectionRateResult(3, (("inspection", 12), ("shaken", 28)))
    assert points(connection) == before | {1001: before[1001] + 12, 1002: before[1002] + 28}


def test_jobs_on_disjoint_ranges_add_up_to_the_whole(connection):
    before = points(connection)
    assert inspection_rate_update(connection, InspectionRateRequest(TODAY, 2, 9)).updated_rows == 2
    assert inspection_rate_update(connection, InspectionRateRequest(TODAY, 1, 1)).updated_rows == 1
    assert points(connection) == before | {1001: before[1001] + 12, 1002: before[1002] + 28}


@pytest.mark.parametrize("again", [(1, 2), (1, 1), (2, 2), (2, 5), (1, 9)])
def test_a_range_that_is_done_in_part_is_refused(connection, again):
    inspection_rate_update(connection, InspectionRateRequest(TODAY, 1, 2))
    request = InspectionRateRequest(TODAY, *again)
    refused(connection, AlreadyDoneError, inspection_rate_update, request)


@pytest.mark.parametrize(
    ("other_day", "other"), [(TODAY, (3, 5)), (date(2024, 9, 4), (1, 2))], ids=["range", "day"]
)
def test_another_range_or_day_is_not_refused(connection, other_day, other):
    inspection_rate_update(connection, InspectionRateRequest(TODAY, 1, 2))
    inspection_rate_update(connection, InspectionRateRequest(other_day, *other))


def test_a_contract_without_a_sheet_stops_the_job_with_nothing_added(connection):
    connection.execute(delete(inspection_sheet).where(inspection_sheet.c.contract_no == 1002))
    connection.commit()
    request = InspectionRateRequest(TODAY, 1, 2)
    said = refused(connection, SheetNotFoundError, inspection_rate_update, request)
    assert said == "contract 1002: has no inspection sheet"
