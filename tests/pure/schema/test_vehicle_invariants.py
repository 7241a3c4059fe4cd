from datetime import date

import pytest

from schema.vehicle_maintenance.invariants import (
    expected_progress_rows,
    never_goes_down,
    progress_row_missing,
)
from schema.vehicle_maintenance.vocabulary import ScheduleKey

INSPECTION = ScheduleKey(1001, 2, date(2024, 10, 10))
SHAKEN = ScheduleKey(1002, 1, date(2024, 10, 8))


@pytest.mark.parametrize(
    "history",
    [
        [{}, {}],
        [{INSPECTION: 5}, {INSPECTION: 5}],
        [{INSPECTION: 5}, {INSPECTION: 6}, {INSPECTION: 7}],
        [{INSPECTION: 5}, {INSPECTION: 7, SHAKEN: 1}],
    ],
    ids=["no rows", "unchanged", "going up", "a row made meanwhile"],
)
def test_a_current_arrangement_that_stays_or_rises_is_fine(history):
    assert never_goes_down(history) is None


def test_a_current_arrangement_that_falls_is_told_with_both_values():
    history = [
        {INSPECTION: 5, SHAKEN: 5},
        {INSPECTION: 7, SHAKEN: 5},
        {INSPECTION: 6, SHAKEN: 5},
    ]
    assert never_goes_down(history) == (
        "maintenance_schedule (contract 1001, order 2, planned start 2024-10-10): "
        "current arrangement went down from 7, completion confirmed (完了確認), "
        "to 6, release booking (出庫予約受付)"
    )


def test_a_schedule_row_that_vanishes_is_told():
    assert never_goes_down([{INSPECTION: 5}, {}]) == (
        "maintenance_schedule (contract 1001, order 2, planned start 2024-10-10): "
        "stood at 5, completion schedule confirmed (実施完了予定確認), and is gone"
    )


@pytest.mark.parametrize("history", [[], [{INSPECTION: 5}]], ids=["none", "one"])
def test_too_few_observations_are_no_evidence(history):
    with pytest.raises(ValueError, match=r"^never_goes_down: needs 2 observations or more, got "):
        never_goes_down(history)


def test_every_schedule_past_the_advance_notice_expects_its_progress_row():
    assert expected_progress_rows({INSPECTION: 1, SHAKEN: 7}) == {(SHAKEN, 7)}


def test_progress_rows_that_are_there_are_fine():
    rows = {(INSPECTION, 6), (INSPECTION, 7)}
    assert progress_row_missing(rows, rows | {(SHAKEN, 1)}) is None


def test_a_progress_row_that_is_missing_is_told_with_those_that_are_there():
    assert progress_row_missing({(INSPECTION, 7)}, {(INSPECTION, 5), (SHAKEN, 7)}) == (
        "progress (contract 1001, order 2, planned start 2024-10-10): "
        "no row for 7, completion confirmed (完了確認); rows found: 5"
    )


def test_a_schedule_without_any_progress_row_is_told():
    assert progress_row_missing({(INSPECTION, 2)}, set()) == (
        "progress (contract 1001, order 2, planned start 2024-10-10): "
        "no row for 2, intake booking (入庫予約受付); rows found: none"
    )
