"""The steps of exam figure 3, seen by a connection which answers from a script."""

from datetime import date

import pytest

from schema.vehicle_maintenance import ScheduleKey
from workloads.vehicle_maintenance.online.reservation_registration import (
    OrderNotFoundError,
    ReservationRequest,
    ReservationResult,
    ScheduleNotFoundError,
    reservation_registration,
    reservation_registration_conditional_update,
    reservation_registration_locking_read,
)

RELEASE = ReservationRequest(ScheduleKey(1001, 2, date(2024, 10, 10)), 6)
ORDER = [("inspection",)]
each_variant = pytest.mark.parametrize(
    "program",
    [
        reservation_registration,
        reservation_registration_locking_read,
        reservation_registration_conditional_update,
    ],
    ids=["current", "locking-read", "conditional-update"],
)


def test_a_smaller_current_arrangement_is_overwritten(scripted):
    connection = scripted([ORDER, [(5,)]])
    assert reservation_registration(connection, RELEASE) == ReservationResult(advanced=True)
    assert connection.steps == [
        "select maintenance_order for update",
        "select maintenance_schedule",
        "insert progress",
        "update maintenance_schedule",
        "commit",
    ]


@pytest.mark.parametrize("current", [6, 7, 8])
def test_a_current_arrangement_as_large_or_larger_is_left_alone(scripted, current):
    connection = scripted([ORDER, [(current,)]])
    assert reservation_registration(connection, RELEASE) == ReservationResult(advanced=False)
    assert connection.steps == [
        "select maintenance_order for update",
        "select maintenance_schedule",
        "insert progress",
        "commit",
    ]


def test_locking_read_differs_in_the_lock_of_its_second_step(scripted):
    connection = scripted([ORDER, [(5,)]])
    assert reservation_registration_locking_read(connection, RELEASE).advanced
    assert connection.steps == [
        "select maintenance_order for update",
        "select maintenance_schedule for update",
        "insert progress",
        "update maintenance_schedule",
        "commit",
    ]


@pytest.mark.parametrize(
    ("changed", "advanced"), [([()], True), ([], False)], ids=["one row", "no row"]
)
def test_conditional_update_asks_the_update_whether_it_advanced(scripted, changed, advanced):
    """What step ② had read decides nothing: here it read 5 both times."""
    connection = scripted([ORDER, [(5,)], [()], changed])
    result = reservation_registration_conditional_update(connection, RELEASE)
    assert result == ReservationResult(advanced)
    assert connection.steps == [
        "select maintenance_order for update",
        "select maintenance_schedule",
        "insert progress",
        "update maintenance_schedule",
        "commit",
    ]


@each_variant
def test_an_unknown_order_is_refused_after_rolling_back(scripted, program):
    connection = scripted([[]])
    with pytest.raises(OrderNotFoundError) as refused:
        program(connection, RELEASE)
    assert str(refused.value) == "contract 1001, order 2: no such maintenance order"
    assert connection.steps == ["select maintenance_order for update", "rollback"]


@each_variant
def test_an_unknown_schedule_is_refused_after_rolling_back(scripted, program):
    connection = scripted([ORDER, []])
    with pytest.raises(ScheduleNotFoundError) as refused:
        program(connection, RELEASE)
    assert str(refused.value) == (
        "contract 1001, order 2, planned start 2024-10-10: no such maintenance schedule"
    )
    assert connection.steps[2:] == ["rollback"]
