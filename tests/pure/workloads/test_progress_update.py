"""The steps of exam figure 4, seen by a connection which answers from a script."""

from datetime import date

import pytest

from workloads.vehicle_maintenance.batch.progress_update import (
    ProgressUpdateRequest,
    ProgressUpdateResult,
    progress_update,
    progress_update_lock_order,
)

TODAY = ProgressUpdateRequest(date(2024, 10, 15))
INSPECTION = (1001, 2, date(2024, 10, 10), 5, "inspection", 101)
SHAKEN = (1002, 1, date(2024, 10, 8), 5, "shaken", 102)
CONFIRMED_BEFORE = (1003, 2, date(2024, 10, 9), 7, "inspection", 103)
RELEASED = (1004, 1, date(2024, 9, 2), 8, "inspection", 104)

STEPS_OF_AN_INSPECTION = [
    "insert progress",
    "update maintenance_schedule",
    "insert vehicle_record",
    "commit",
]
STEPS_OF_A_SHAKEN = [
    "insert progress",
    "update maintenance_schedule",
    "update vehicle",
    "insert vehicle_record",
    "commit",
]


def test_each_row_is_one_transaction_and_a_shaken_moves_the_expiry_date(scripted):
    connection = scripted([[INSPECTION, SHAKEN]])
    assert progress_update(connection, TODAY) == ProgressUpdateResult(2, 0)
    assert connection.steps == [
        "select work_result",
        *STEPS_OF_AN_INSPECTION,
        *STEPS_OF_A_SHAKEN,
    ]


def test_a_second_work_item_of_a_schedule_is_skipped(scripted):
    connection = scripted([[SHAKEN, SHAKEN, INSPECTION]])
    assert progress_update(connection, TODAY) == ProgressUpdateResult(2, 1)
    assert connection.steps == [
        "select work_result",
        *STEPS_OF_A_SHAKEN,
        *STEPS_OF_AN_INSPECTION,
    ]


def test_a_schedule_at_7_or_8_is_skipped_as_done_by_an_earlier_run(scripted):
    connection = scripted([[CONFIRMED_BEFORE, RELEASED, INSPECTION]])
    assert progress_update(connection, TODAY) == ProgressUpdateResult(1, 2)
    assert connection.steps == ["select work_result", *STEPS_OF_AN_INSPECTION]


@pytest.mark.parametrize("rows", [[], [CONFIRMED_BEFORE]], ids=["no rows", "all done"])
def test_a_day_with_nothing_to_do_leaves_no_transaction_open(scripted, rows):
    connection = scripted([rows])
    assert progress_update(connection, TODAY) == ProgressUpdateResult(0, len(rows))
    assert connection.steps == ["select work_result", "commit"]


def test_lock_order_locks_the_order_at_the_start_of_each_transaction(scripted):
    connection = scripted([[INSPECTION, SHAKEN]])
    assert progress_update_lock_order(connection, TODAY) == ProgressUpdateResult(2, 0)
    lock = "select maintenance_order for update"
    assert connection.steps == [
        "select work_result",
        lock,
        *STEPS_OF_AN_INSPECTION,
        lock,
        *STEPS_OF_A_SHAKEN,
    ]
