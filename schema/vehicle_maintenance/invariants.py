"""What must be true of the vehicle maintenance tables, whatever ran at the same time.

An `observe_…` function reads; a judging function is pure and takes what was observed. A
judgement is None where the rule holds, else a sentence with the values that break it.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from sqlalchemy import Connection, select

from schema.vehicle_maintenance.maintenance import maintenance_schedule, progress
from schema.vehicle_maintenance.vocabulary import (
    ADVANCE_NOTICE,
    ARRANGEMENT_NAMES,
    ScheduleKey,
)

CurrentArrangements = dict[ScheduleKey, int]
ProgressRows = set[tuple[ScheduleKey, int]]


def observe_current_arrangements(connection: Connection) -> CurrentArrangements:
    """Read how far each schedule row (予定表) has come."""
    c = maintenance_schedule.c
    found = connection.execute(
        select(c.contract_no, c.order_no, c.planned_start_date, c.current_arrangement_no)
    )
    return {ScheduleKey(*key): current for *key, current in found}


def observe_progress_rows(connection: Connection) -> ProgressRows:
    """Read which arrangements have a progress row (進捗)."""
    c = progress.c
    found = connection.execute(
        select(c.contract_no, c.order_no, c.planned_start_date, c.arrangement_no)
    )
    return {(ScheduleKey(*key), arrangement) for *key, arrangement in found}


def never_goes_down(history: Sequence[Mapping[ScheduleKey, int]]) -> str | None:
    """Judge: the current arrangement (現手配#) of a schedule row never goes down.

    `history` holds two or more observations, oldest first. A row that has vanished breaks the
    rule as well, for no program deletes one (exam table 4).

    >>> from datetime import date
    >>> key = ScheduleKey(1001, 2, date(2024, 10, 10))
    >>> never_goes_down([{key: 5}, {key: 6}, {key: 7}])
    >>> print(never_goes_down([{key: 5}, {key: 7}, {key: 6}]))  # doctest: +NORMALIZE_WHITESPACE
    maintenance_schedule (contract 1001, order 2, planned start 2024-10-10): current
    arrangement went down from 7, completion confirmed (完了確認),
    to 6, release booking (出庫予約受付)

    Raises:
        ValueError: fewer than two observations, which is no evidence either way.
    """
    if len(history) < 2:
        raise ValueError(f"never_goes_down: needs 2 observations or more, got {len(history)}")
    for before, after in pairwise(history):
        for key, highest in before.items():
            if key not in after:
                return f"{_row(key)}: stood at {_arrangement(highest)}, and is gone"
            if after[key] < highest:
                return (
                    f"{_row(key)}: current arrangement went down "
                    f"from {_arrangement(highest)}, to {_arrangement(after[key])}"
                )
    return None


def expected_progress_rows(current: Mapping[ScheduleKey, int]) -> ProgressRows:
    """Derive which progress rows must be there from how far the schedules have come.

    A schedule is made standing at 1, before its advance notice is recorded (予定表作成 writes
    no 進捗, exam table 4), so nothing is expected of one that has come no further.

    >>> from datetime import date
    >>> made, booked = (ScheduleKey(1003, n, date(2024, 10, 21)) for n in (1, 2))
    >>> expected_progress_rows({made: 1, booked: 2}) == {(booked, 2)}
    True
    """
    return {(key, number) for key, number in current.items() if number > ADVANCE_NOTICE}


def progress_row_missing(
    expected: Collection[tuple[ScheduleKey, int]],
    observed: Collection[tuple[ScheduleKey, int]],
) -> str | None:
    """Judge: every expected progress row (進捗) is there.

    Expected are the rows which the schedules call for (`expected_progress_rows`), or those
    which programs were told are committed.

    >>> from datetime import date
    >>> key = ScheduleKey(1001, 2, date(2024, 10, 10))
    >>> progress_row_missing({(key, 7)}, {(key, 5), (key, 7)})
    >>> print(progress_row_missing({(key, 7)}, {(key, 5), (key, 6)}))
    ... # doctest: +NORMALIZE_WHITESPACE
    progress (contract 1001, order 2, planned start 2024-10-10): no row for
    7, completion confirmed (完了確認); rows found: 5, 6
    """
    for key, number in sorted(set(expected) - set(observed)):
        there = sorted(arrangement for other, arrangement in observed if other == key)
        return (
            f"progress ({key}): no row for {_arrangement(number)}; "
            f"rows found: {', '.join(map(str, there)) or 'none'}"
        )
    return None


def _row(key: ScheduleKey) -> str:
    return f"maintenance_schedule ({key})"


def _arrangement(number: int) -> str:
    return f"{number}, {ARRANGEMENT_NAMES[number]}"
