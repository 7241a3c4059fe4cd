"""Contract and vehicle registration, inquiry and document issue, on every engine."""

from dataclasses import replace
from datetime import date

import pytest
from live.schema.stopping import content, refused
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from schema.vehicle_maintenance import (
    belongs_to,
    contract,
    fixture,
    inspection_sheet,
    maintenance_order,
    progress,
    vehicle,
    vehicle_record,
)
from workloads.vehicle_maintenance import day
from workloads.vehicle_maintenance.batch.extraction import inspection_extraction
from workloads.vehicle_maintenance.batch.schedule_creation import schedule_creation
from workloads.vehicle_maintenance.online.contract_registration import (
    ContractChange,
    ContractResult,
    contract_registration,
)
from workloads.vehicle_maintenance.online.document_issue import (
    AdvanceNotice,
    DocumentRequest,
    document_issue,
)
from workloads.vehicle_maintenance.online.reservation_registration import ScheduleNotFoundError
from workloads.vehicle_maintenance.online.vehicle_inquiry import (
    VehicleInquiryRequest,
    vehicle_inquiry,
)
from workloads.vehicle_maintenance.online.vehicle_registration import (
    VehicleChange,
    VehicleResult,
    vehicle_registration,
)
from workloads.vehicle_maintenance.refusals import (
    ContractNotFoundError,
    CustomerNotFoundError,
    VehicleNotFoundError,
)

pytestmark = pytest.mark.integration


def rows(connection, table, *where):
    found = connection.execute(select(table).where(*where).order_by(*table.primary_key)).all()
    connection.commit()
    return found


def orders_of(connection, contract_no):
    c = maintenance_order.c
    found = connection.execute(
        select(c.order_no, c.maintenance_class, c.report_interval_months, c.next_report_date)
        .where(c.contract_no == contract_no)
        .order_by(c.order_no)
    ).all()
    connection.commit()
    return found


def test_a_new_contract_brings_its_orders_and_its_sheet(connection):
    assert contract_registration(connection, day.NEW_CONTRACT) == ContractResult(2, 0)
    lease = (date(2024, 11, 1), date(2029, 10, 31))
    assert rows(connection, contract, contract.c.contract_no == 1005) == [
        (1005, "C003", "new lease", None, *lease)
    ]
    assert orders_of(connection, 1005) == [
        (1, "shaken", 12, date(2025, 11, 1)),
        (2, "inspection", 6, date(2025, 5, 1)),
    ]
    assert rows(connection, inspection_sheet, inspection_sheet.c.contract_no == 1005) == [
        (1005, 60, 0)
    ]


def test_a_changed_contract_changes_its_orders_and_adds_new_ones(connection):
    """The next report date of an order that is there stays: it is report creation's."""
    assert contract_registration(connection, day.CONTRACT_CHANGE) == ContractResult(1, 1)
    assert rows(connection, contract, contract.c.contract_no == 1001) == [
        (1001, "C001", "repeated lease", 101, date(2022, 7, 1), date(2028, 6, 30))
    ]
    assert orders_of(connection, 1001) == [
        (1, "shaken", 12, date(2025, 7, 1)),
        (2, "inspection", 3, date(2024, 10, 20)),
        (3, "service", 6, date(2024, 10, 20)),
        (4, "service", 12, date(2028, 7, 1)),
    ]


def test_a_contract_of_an_unknown_customer_or_number_is_refused(connection):
    strange = replace(day.NEW_CONTRACT, customer_code="C009")
    said = refused(connection, CustomerNotFoundError, contract_registration, strange)
    assert said == "customer 'C009': no such customer"
    change = ContractChange(1009, "new lease", date(2028, 6, 30))
    said = refused(connection, ContractNotFoundError, contract_registration, change)
    assert said == "contract 1009: no such contract"


def test_a_contract_number_that_is_taken_is_refused(connection):
    with pytest.raises(IntegrityError):
        contract_registration(connection, replace(day.NEW_CONTRACT, contract_no=1001))
    connection.rollback()
    assert len(orders_of(connection, 1001)) == 3


def test_a_new_vehicle_goes_to_its_contract_and_gets_record_1(connection):
    contract_registration(connection, day.NEW_CONTRACT)
    assert vehicle_registration(connection, day.NEW_VEHICLE) == VehicleResult(added=True)
    c = vehicle.c
    assert connection.execute(
        select(c.chassis_no, c.seating_capacity, c.shaken_expiry_date).where(c.vehicle_no == 105)
    ).all() == [("KS03-3", 5, date(2027, 10, 31))]
    (bought,) = rows(connection, contract, contract.c.contract_no == 1005)
    assert bought.vehicle_no == 105
    (record,) = rows(connection, vehicle_record, vehicle_record.c.vehicle_no == 105)
    assert record.recorded_at is not None
    assert (record.record_no, record.record_date, record.result, record.description) == (
        1,
        fixture.BUSINESS_DATE,
        "registered",
        "registration",
    )


@pytest.mark.parametrize("contract_no", [1001, 1009], ids=["has a vehicle", "unknown"])
def test_a_new_vehicle_takes_no_other_vehicles_contract(connection, contract_no):
    request = replace(day.NEW_VEHICLE, contract_no=contract_no)
    said = refused(connection, ContractNotFoundError, vehicle_registration, request)
    assert said == f"contract {contract_no}: no such contract, or it has a vehicle already"


def test_a_changed_vehicle_keeps_what_is_not_named(connection):
    (before,) = rows(connection, vehicle, vehicle.c.vehicle_no == 104)
    assert vehicle_registration(connection, day.VEHICLE_CHANGE) == VehicleResult(added=False)
    (after,) = rows(connection, vehicle, vehicle.c.vehicle_no == 104)
    changes = {"vehicle_use": "sales", "next_inspection_due_date": date(2025, 9, 2)}
    assert after._asdict() == before._asdict() | changes


def test_a_change_to_what_is_there_already_is_no_error(connection):
    """MySQL's protocol can count changed rows instead of found ones; ours must count found."""
    for _ in range(2):
        assert not vehicle_registration(connection, day.VEHICLE_CHANGE).added


def test_an_unknown_vehicle_is_refused_and_so_is_an_empty_change(connection):
    change = VehicleChange(109, vehicle_use="sales")
    said = refused(connection, VehicleNotFoundError, vehicle_registration, change)
    assert said == "vehicle 109: no such vehicle"
    refused(connection, ValueError, vehicle_registration, VehicleChange(104))


def test_an_inquiry_shows_all_that_leads_from_the_vehicle(connection):
    before = content(connection)
    connection.commit()
    shown = vehicle_inquiry(connection, VehicleInquiryRequest(101))
    assert not connection.in_transaction()
    assert shown.vehicle["chassis_no"] == "AC10-1"
    assert [row["contract_no"] for row in shown.contracts] == [1001]
    assert [row["order_no"] for row in shown.orders] == [1, 2, 3]
    assert [row["current_arrangement_no"] for row in shown.schedules] == [5, 4]
    assert [(row["order_no"], row["arrangement_no"]) for row in shown.progress] == [
        *((2, number) for number in range(1, 6)),
        *((3, number) for number in range(1, 5)),
    ]
    assert [row["work_item_no"] for row in shown.results] == [12]
    assert shown.sheets == ({"contract_no": 1001, "planned_points": 48, "actual_points": 24},)
    assert [row["description"] for row in shown.records] == ["registration", "inspection"]
    assert "recorded_at" not in shown.records[0]
    assert content(connection) == before


def test_an_inquiry_of_a_vehicle_that_was_never_leased_shows_the_vehicle(connection):
    connection.execute(update(contract).values(vehicle_no=None))
    connection.commit()
    shown = vehicle_inquiry(connection, VehicleInquiryRequest(101))
    assert (shown.contracts, shown.orders, shown.sheets) == ((), (), ())
    assert len(shown.records) == 2


def test_an_inquiry_of_an_unknown_vehicle_is_refused(connection):
    refused(connection, VehicleNotFoundError, vehicle_inquiry, VehicleInquiryRequest(109))


def test_an_advance_notice_is_issued_once_and_then_as_a_copy(connection):
    inspection_extraction(connection, day.INSPECTIONS_DUE)
    schedule_creation(connection)
    request = DocumentRequest(day.CREATED_SCHEDULE)
    issued = document_issue(connection, request)
    assert issued == AdvanceNotice(
        "Aoba Trading", 1001, "Courier", "AC10-1", "inspection", date(2024, 10, 17), copy=False
    )
    assert document_issue(connection, request) == replace(issued, copy=True)
    assert rows(connection, progress, belongs_to(progress, day.CREATED_SCHEDULE)) == [
        (*day.CREATED_SCHEDULE, 1, None, None)
    ]


def test_an_advance_notice_without_a_schedule_is_refused(connection):
    request = DocumentRequest(fixture.NOTIFIED_SCHEDULE._replace(order_no=9))
    refused(connection, ScheduleNotFoundError, document_issue, request)
