"""Extractions, schedule, request and report creation, on every engine."""

import csv
from datetime import date

import pytest
from live.schema.stopping import content
from sqlalchemy import delete, event, select, text, update

from schema.vehicle_maintenance import (
    contract,
    contractor,
    customer_report,
    fixture,
    maintenance_order,
    maintenance_schedule,
    vehicle,
    wk1,
    wk2,
    work_result,
)
from workloads.vehicle_maintenance import day
from workloads.vehicle_maintenance.batch.extraction import (
    inspection_extraction,
    shaken_extraction_1,
    shaken_extraction_2,
)
from workloads.vehicle_maintenance.batch.report_creation import (
    ReportCreationRequest,
    ReportCreationResult,
    report_creation,
    report_creation_commit_every,
)
from workloads.vehicle_maintenance.batch.request_creation import (
    COLUMNS,
    RequestCreationRequest,
    RequestCreationResult,
    request_creation,
)
from workloads.vehicle_maintenance.batch.schedule_creation import (
    NoContractorError,
    ScheduleCreationResult,
    schedule_creation,
)
from workloads.vehicle_maintenance.online.contract_registration import contract_registration

pytestmark = pytest.mark.integration

TODAY = fixture.BUSINESS_DATE
NOVEMBER = date(2024, 11, 30)


def rows(connection, table, *where):
    found = connection.execute(select(table).where(*where).order_by(*table.primary_key)).all()
    connection.commit()
    return found


def test_inspections_that_fall_due_are_extracted(connection):
    assert inspection_extraction(connection, day.INSPECTIONS_DUE).extracted_rows == 2
    assert not connection.in_transaction()
    assert rows(connection, wk1) == [
        (101, "inspection", 1001, 2, date(2024, 10, 31)),
        (103, "inspection", 1003, 2, date(2024, 11, 15)),
    ]


@pytest.mark.parametrize(
    "change",
    [
        update(vehicle).values(maintenance_status="retired"),
        update(contract).values(end_date=date(2024, 10, 30)),
        update(maintenance_order).values(order_end_date=date(2024, 10, 30)),
        update(maintenance_order).values(maintenance_class="service"),
    ],
    ids=["retired", "contract over", "order over", "not ordered"],
)
def test_what_needs_no_inspection_is_not_extracted(connection, change):
    connection.execute(change)
    connection.commit()
    assert inspection_extraction(connection, day.INSPECTIONS_DUE).extracted_rows == 0


def test_shakens_that_expire_are_extracted_unless_one_is_under_way(connection):
    """Those of 102 and 103 are at arrangements 5 and 3."""
    assert shaken_extraction_1(connection, day.SHAKENS_DUE).extracted_rows == 3
    assert rows(connection, wk2) == [
        (101, 1001, date(2025, 6, 30)),
        (102, 1002, date(2024, 10, 31)),
        (103, 1003, date(2024, 11, 15)),
    ]
    assert shaken_extraction_2(connection).extracted_rows == 1
    assert rows(connection, wk1) == [(101, "shaken", 1001, 1, date(2025, 6, 30))]


def test_a_shaken_that_is_over_does_not_hinder_the_next(connection):
    connection.execute(update(maintenance_schedule).values(current_arrangement_no=8))
    connection.commit()
    shaken_extraction_1(connection, day.SHAKENS_DUE)
    assert shaken_extraction_2(connection).extracted_rows == 3


@pytest.mark.parametrize(
    "change",
    [
        update(vehicle).values(maintenance_status="retired"),
        update(vehicle).values(shaken_expiry_date=date(2027, 6, 30)),
        update(maintenance_order).values(maintenance_class="service"),
    ],
    ids=["retired", "renewed meanwhile", "not ordered"],
)
def test_a_shaken_that_is_not_needed_is_left_out(connection, change):
    shaken_extraction_1(connection, day.SHAKENS_DUE)
    connection.execute(change)
    connection.commit()
    assert shaken_extraction_2(connection).extracted_rows == 0


def planned(connection):
    c = maintenance_schedule.c
    found = connection.execute(
        select(
            c.vehicle_no,
            c.maintenance_class,
            c.planned_start_date,
            c.start_date,
            c.contractor_code,
            c.schedule_status,
            c.current_arrangement_no,
        )
        .where(c.schedule_status == "planned", c.start_date.is_not(None))
        .order_by(c.vehicle_no, c.planned_start_date, c.maintenance_class)
    ).all()
    connection.commit()
    return found


def test_what_was_extracted_is_planned_two_weeks_before(connection):
    inspection_extraction(connection, day.INSPECTIONS_DUE)
    shaken_extraction_1(connection, day.SHAKENS_DUE)
    shaken_extraction_2(connection)
    assert schedule_creation(connection) == ScheduleCreationResult(3, 0)
    october, june, november = date(2024, 10, 17), date(2025, 6, 16), date(2024, 11, 1)
    assert planned(connection) == [
        (101, "inspection", october, october, "W02", "planned", 1),
        (101, "shaken", june, june, "W02", "planned", 1),
        (103, "inspection", november, november, "W02", "planned", 1),
    ]


def test_what_falls_due_together_is_planned_for_the_same_day(connection):
    connection.execute(
        update(vehicle)
        .where(vehicle.c.vehicle_no == 101)
        .values(shaken_expiry_date=date(2024, 11, 30))
    )
    connection.commit()
    inspection_extraction(connection, day.INSPECTIONS_DUE)
    shaken_extraction_1(connection, day.SHAKENS_DUE)
    shaken_extraction_2(connection)
    schedule_creation(connection)
    assert {row[1]: row[2] for row in planned(connection) if row[0] == 101} == {
        "inspection": date(2024, 10, 17),
        "shaken": date(2024, 10, 17),
    }


def test_what_is_no_longer_ordered_is_left_out(connection):
    inspection_extraction(connection, day.INSPECTIONS_DUE)
    connection.execute(
        update(contract).where(contract.c.contract_no == 1003).values(vehicle_no=None)
    )
    connection.commit()
    assert schedule_creation(connection) == ScheduleCreationResult(1, 1)


def test_an_empty_work_table_plans_nothing(connection):
    before = content(connection)
    connection.commit()
    assert schedule_creation(connection) == ScheduleCreationResult(0, 0)
    assert not connection.in_transaction()
    assert content(connection) == before


def test_without_contractors_nothing_is_planned(connection):
    inspection_extraction(connection, day.INSPECTIONS_DUE)
    connection.execute(delete(work_result))
    connection.execute(text("DELETE FROM progress"))
    connection.execute(delete(maintenance_schedule))
    connection.execute(delete(contractor))
    connection.commit()
    with pytest.raises(NoContractorError):
        schedule_creation(connection)
    assert not connection.in_transaction()


def asked(folder, last=NOVEMBER):
    return RequestCreationRequest(TODAY, TODAY, last, folder)


def test_each_contractor_is_asked_by_a_file_of_its_own(connection, tmp_path):
    key = fixture.ARRANGED_SCHEDULE  # is with W02; put back to its intake booking
    connection.execute(
        update(maintenance_schedule)
        .where(
            maintenance_schedule.c.contract_no == key.contract_no,
            maintenance_schedule.c.order_no == key.order_no,
        )
        .values(current_arrangement_no=2)
    )
    connection.commit()
    names = ("request_W01_2024-10-15.csv", "request_W02_2024-10-15.csv")
    asked_for = (
        "W01,Minato Motor Works,1-1 Minato,1002,2,2024-10-28,inspection,"
        "102,Asahi,Courier,AC-10,AC10-2"
    )
    assert request_creation(connection, asked(tmp_path)) == RequestCreationResult(names, 2)
    assert not connection.in_transaction()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    with (tmp_path / names[0]).open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            list(COLUMNS),
            asked_for.split(","),
        ]


def test_only_what_is_booked_and_starts_in_the_period_is_asked_for(connection, tmp_path):
    before = asked(tmp_path, last=date(2024, 10, 27))
    assert request_creation(connection, before) == RequestCreationResult((), 0)
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_removes_the_files_of_contractors_no_longer_asked(connection, tmp_path):
    """Also what a crash has left unfinished; but neither another day's files nor strangers'."""
    strangers = {"request_W02_2024-10-14.csv", "my_request_W02_2024-10-15.csv"}
    left = {"request_W02_2024-10-15.csv", ".request_W01_2024-10-15.csv.unfinished"}
    for name in strangers | left:
        (tmp_path / name).write_text("left")
    request_creation(connection, asked(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == strangers | {"request_W01_2024-10-15.csv"}


def test_a_contractors_code_cannot_name_a_file_elsewhere(connection, tmp_path):
    connection.execute(
        contractor.insert().values(contractor_code="../W3", contractor_name="x", address="y")
    )
    connection.execute(update(maintenance_schedule).values(contractor_code="../W3"))
    connection.commit()
    (name,) = request_creation(connection, asked(tmp_path)).files
    assert name == "request_..%2FW3_2024-10-15.csv"
    assert (tmp_path / name).is_file()


def reports(connection):
    c = customer_report.c
    found = connection.execute(
        select(
            c.customer_code,
            c.report_line_no,
            c.maintenance_class,
            c.maintenance_start_date,
            c.maintenance_end_date,
            c.maintenance_description,
        ).order_by(c.customer_code, c.report_line_no)
    ).all()
    connection.commit()
    return found


def next_report_dates(connection):
    c = maintenance_order.c
    found = connection.execute(select(c.contract_no, c.order_no, c.next_report_date)).all()
    connection.commit()
    return {tuple(key): due for *key, due in found}


def test_orders_whose_report_is_due_are_reported_and_moved_on(connection):
    before, lines = next_report_dates(connection), reports(connection)
    result = report_creation(connection, ReportCreationRequest(date(2024, 10, 31)))
    assert result == ReportCreationResult(2)
    assert next_report_dates(connection) == before | {
        (1001, 2): date(2025, 4, 20),
        (1001, 3): date(2025, 4, 20),
    }
    period = (date(2024, 4, 20), date(2024, 10, 20))
    assert set(reports(connection)) - set(lines) == {
        ("C001", 2, "inspection", *period, "inspection (点検) of contract 1001, order 2"),
        ("C001", 3, "service", *period, "service (整備) of contract 1001, order 3"),
    }


def test_a_report_that_is_late_by_periods_is_caught_up_with(connection):
    until = date(2025, 4, 30)
    lines = report_creation(connection, ReportCreationRequest(until)).report_lines
    assert all(due > until for due in next_report_dates(connection).values())
    assert report_creation(connection, ReportCreationRequest(until)).report_lines == 0
    assert lines > 2


def test_an_order_that_is_over_is_reported_once_more_and_no_longer(connection):
    over = date(2024, 9, 30)
    connection.execute(
        update(maintenance_order)
        .where(maintenance_order.c.contract_no == 1001)
        .values(order_end_date=over)
    )
    connection.commit()
    for until in (date(2025, 10, 31), date(2026, 10, 31)):
        report_creation(connection, ReportCreationRequest(until))
        assert [row[5] for row in reports(connection) if row[4] == over] == [
            "shaken (車検) of contract 1001, order 1",
            "inspection (点検) of contract 1001, order 2",
            "service (整備) of contract 1001, order 3",
        ]


def test_an_order_that_is_over_and_reported_is_not_due_any_more(connection):
    """Its next report date passes, and it does not count among those reported in one commit."""
    until, c = date(2024, 11, 1), maintenance_order.c
    connection.execute(
        update(maintenance_order)
        .where(c.contract_no == 1001, c.order_no == 1)
        .values(order_end_date=date(2023, 9, 30), next_report_date=date(2024, 10, 1))
    )
    connection.commit()
    commits = []
    event.listen(connection, "commit", commits.append)
    result = report_creation_commit_every(connection, ReportCreationRequest(until), 2)
    assert (result.report_lines, len(commits)) == (4, 2)
    assert next_report_dates(connection)[1001, 1] <= until


def test_nothing_due_changes_nothing_and_ends_its_transaction(connection):
    before = content(connection)
    connection.commit()
    result = report_creation(connection, ReportCreationRequest(date(2024, 10, 19)))
    assert result == ReportCreationResult(0)
    assert not connection.in_transaction()
    assert content(connection) == before


def test_a_contract_change_keeps_the_next_report_date_that_report_creation_set(connection):
    report_creation(connection, ReportCreationRequest(date(2024, 10, 31)))
    contract_registration(connection, day.CONTRACT_CHANGE)
    assert next_report_dates(connection)[1001, 2] == date(2025, 4, 20)
