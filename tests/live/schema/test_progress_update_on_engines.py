"""Progress update (進捗更新) does what exam figure 4 says, on every engine."""

from datetime import date

import pytest
from sqlalchemy import delete, event, func, select

from schema.vehicle_maintenance import (
    fixture,
    maintenance_schedule,
    metadata,
    progress,
    vehicle,
    vehicle_record,
)
from schema.vehicle_maintenance.invariants import (
    expected_progress_rows,
    observe_current_arrangements,
    observe_progress_rows,
    progress_row_missing,
)
from workloads.vehicle_maintenance.batch.progress_update import (
    ProgressUpdateRequest,
    ProgressUpdateResult,
    progress_update,
    progress_update_lock_order,
)
from workloads.vehicle_maintenance.online.reservation_registration import (
    ReservationRequest,
    reservation_registration,
)

TODAY = ProgressUpdateRequest(fixture.BUSINESS_DATE)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize(
        "program", [progress_update, progress_update_lock_order], ids=["current", "lock-order"]
    ),
]


class Killed(Exception):
    """Stands for the end of the program in the middle."""


def content(connection):
    """Every row of every table, without what a clock has filled in."""
    return {
        table.name: sorted(
            map(repr, connection.execute(select(*(c for c in table.columns if not c.info))))
        )
        for table in metadata.sorted_tables
    }


def records(connection, vehicle_no):
    c = vehicle_record.c
    return connection.execute(
        select(c.record_no, c.record_date, c.result, c.description)
        .where(c.vehicle_no == vehicle_no)
        .order_by(c.record_no)
    ).all()


def test_the_day_is_taken_over_step_by_step(connection, program):
    before = observe_current_arrangements(connection)
    rows_before = observe_progress_rows(connection)
    connection.commit()

    assert program(connection, TODAY) == ProgressUpdateResult(confirmed_rows=2, skipped_rows=1)

    confirmed = {fixture.PROBLEM_2_SCHEDULE: 7, fixture.SHAKEN_SCHEDULE: 7}
    after = observe_current_arrangements(connection)
    rows_after = observe_progress_rows(connection)
    assert rows_after - rows_before == set(confirmed.items())  # ①
    assert after == before | confirmed  # ②
    assert dict(
        connection.execute(select(vehicle.c.vehicle_no, vehicle.c.shaken_expiry_date)).all()
    ) == {
        101: date(2025, 6, 30),
        102: date(2026, 10, 31),  # ③ was 2024-10-31; the others had no shaken
        103: date(2024, 11, 15),
        104: date(2026, 2, 28),
    }
    today = fixture.BUSINESS_DATE
    assert records(connection, 101)[2:] == [  # ④ after the two which were there
        (3, today, "completed", "inspection (点検): completion confirmed")
    ]
    assert records(connection, 102)[1:] == [
        (2, today, "completed", "shaken (車検): completion confirmed")
    ]
    assert progress_row_missing(expected_progress_rows(after), rows_after) is None


def test_only_its_own_tables_are_written(connection, program):
    before = content(connection)
    connection.commit()
    program(connection, TODAY)
    after = content(connection)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"progress", "maintenance_schedule", "vehicle", "vehicle_record"}


def test_the_clock_of_the_server_fills_in_when_it_was_recorded(connection, program):
    (earliest,) = connection.execute(select(func.max(vehicle_record.c.recorded_at))).one()
    connection.commit()
    program(connection, TODAY)
    c = vehicle_record.c
    (at,) = connection.execute(
        select(c.recorded_at).where(c.vehicle_no == 101, c.record_no == 3)
    ).one()
    assert at > earliest


def test_the_first_record_of_a_vehicle_has_number_1(connection, program):
    connection.execute(delete(vehicle_record).where(vehicle_record.c.vehicle_no == 101))
    connection.commit()
    program(connection, TODAY)
    assert [number for number, *_ in records(connection, 101)] == [1]


def test_running_it_again_adds_nothing(connection, program):
    program(connection, TODAY)
    once = content(connection)
    connection.commit()
    assert program(connection, TODAY) == ProgressUpdateResult(confirmed_rows=0, skipped_rows=3)
    assert content(connection) == once


def test_a_day_without_results_changes_nothing_and_ends_its_transaction(connection, program):
    before = content(connection)
    connection.commit()
    assert program(connection, ProgressUpdateRequest(date(2024, 10, 16))) == (
        ProgressUpdateResult(confirmed_rows=0, skipped_rows=0)
    )
    assert not connection.in_transaction()
    assert content(connection) == before


def test_a_release_booking_after_it_adds_its_row_and_leaves_7(connection, program):
    """The serial order which exam problem 2 breaks."""
    key = fixture.PROBLEM_2_SCHEDULE
    program(connection, TODAY)
    assert not reservation_registration(connection, ReservationRequest(key, 6)).advanced
    assert observe_current_arrangements(connection)[key] == 7
    assert {(key, 6), (key, 7)} <= observe_progress_rows(connection)


def test_killed_before_any_statement_or_commit_and_run_again_it_ends_the_same(
    vehicle_engine, program
):
    """Restarting from the top is right wherever the first run stopped."""
    with vehicle_engine.connect() as connection:
        program(connection, TODAY)
        undisturbed = content(connection)
    killed = 0
    while run_killed_at(vehicle_engine, program, killed):
        killed += 1
        with vehicle_engine.connect() as connection:
            program(connection, TODAY)
            assert content(connection) == undisturbed, f"killed before step {killed}"
    # One statement reads; an inspection takes 3 and a shaken 4; each ends with a commit.
    # The lock-order variant begins each of the two with a lock.
    assert killed == 1 + 4 + 5 + (2 if program is progress_update_lock_order else 0)


def run_killed_at(engine, program, step):
    """Load a fresh day and run until `step` steps were done; say whether that killed it."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        fixture.load(connection)
    done = 0

    def kill(*_):
        nonlocal done
        if done == step:
            raise Killed
        done += 1

    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", kill)
        event.listen(connection, "commit", kill)
        try:
            program(connection, TODAY)
        except Killed:
            return True
        finally:
            event.remove(connection, "before_cursor_execute", kill)
            event.remove(connection, "commit", kill)
            connection.rollback()
    return False


def test_a_schedule_confirmed_by_an_earlier_run_is_not_confirmed_again(connection, program):
    program(connection, TODAY)
    count = select(func.count()).select_from(progress).where(progress.c.arrangement_no == 7)
    assert connection.execute(count).scalar_one() == 3
    connection.commit()
    program(connection, TODAY)
    assert connection.execute(count).scalar_one() == 3
    at_7 = select(func.count()).where(maintenance_schedule.c.current_arrangement_no == 7)
    assert connection.execute(at_7).scalar_one() == 2
