"""Reservation registration (予約登録) does what exam figure 3 says, on every engine."""

from datetime import date

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from schema.vehicle_maintenance import belongs_to, fixture, progress
from schema.vehicle_maintenance.invariants import never_goes_down, observe_current_arrangements
from workloads.vehicle_maintenance.online.reservation_registration import (
    OrderNotFoundError,
    ReservationRequest,
    ScheduleNotFoundError,
    reservation_registration,
    reservation_registration_conditional_update,
    reservation_registration_locking_read,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize(
        "program",
        [
            reservation_registration,
            reservation_registration_locking_read,
            reservation_registration_conditional_update,
        ],
        ids=["current", "locking-read", "conditional-update"],
    ),
]


def bookings(connection, key):
    """The arrangements of a schedule row with the dates which were planned with them."""
    c = progress.c
    return connection.execute(
        select(c.arrangement_no, c.planned_intake_date, c.planned_release_date)
        .where(belongs_to(progress, key))
        .order_by(c.arrangement_no)
    ).all()


def observe(engine):
    """What another connection sees, that is, what was committed."""
    with engine.connect() as connection:
        return observe_current_arrangements(connection)


def test_a_release_booking_moves_5_to_6_and_adds_its_progress_row(
    vehicle_engine, connection, program
):
    key, release = fixture.PROBLEM_2_SCHEDULE, date(2024, 10, 17)
    before = observe(vehicle_engine)
    result = program(connection, ReservationRequest(key, 6, planned_release_date=release))
    assert result.advanced
    assert observe(vehicle_engine) == before | {key: 6}
    assert bookings(connection, key)[-1] == (6, None, release)


def test_an_intake_booking_moves_1_to_2(vehicle_engine, connection, program):
    key, intake = fixture.NOTIFIED_SCHEDULE, date(2024, 10, 22)
    before = observe(vehicle_engine)
    result = program(connection, ReservationRequest(key, 2, planned_intake_date=intake))
    assert result.advanced
    assert observe(vehicle_engine) == before | {key: 2}
    assert bookings(connection, key) == [(1, None, None), (2, intake, None)]


def test_an_intake_booking_at_a_smaller_number_does_not_lower_the_current_arrangement(
    vehicle_engine, connection, program
):
    """The contractor was arranged before the customer's booking came in."""
    key = fixture.ARRANGED_SCHEDULE
    connection.execute(
        delete(progress).where(belongs_to(progress, key), progress.c.arrangement_no == 2)
    )
    connection.commit()
    before = observe(vehicle_engine)
    assert not program(connection, ReservationRequest(key, 2)).advanced
    assert observe(vehicle_engine) == before
    assert never_goes_down([before, observe(vehicle_engine)]) is None
    assert [number for number, _, _ in bookings(connection, key)] == [1, 2, 3]


def test_a_second_booking_of_the_same_arrangement_is_refused_and_changes_nothing(
    vehicle_engine, connection, program
):
    key = fixture.ARRANGED_SCHEDULE
    before = observe(vehicle_engine)
    with pytest.raises(IntegrityError):
        program(connection, ReservationRequest(key, 2))
    connection.rollback()
    assert observe(vehicle_engine) == before


def test_an_unknown_order_or_schedule_leaves_no_transaction_behind(
    vehicle_engine, connection, program
):
    key = fixture.PROBLEM_2_SCHEDULE
    with pytest.raises(OrderNotFoundError):
        program(connection, ReservationRequest(key._replace(order_no=9), 6))
    assert not connection.in_transaction()
    with pytest.raises(ScheduleNotFoundError):
        program(
            connection,
            ReservationRequest(key._replace(planned_start_date=date(2025, 1, 1)), 6),
        )
    assert not connection.in_transaction()
    assert program(connection, ReservationRequest(key, 6)).advanced
