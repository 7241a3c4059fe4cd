"""A row of the vehicle record (記録簿), under the vehicle's next number."""

from typing import Any

from sqlalchemy import ColumnElement, Insert, func, insert, select

from schema.vehicle_maintenance import vehicle_record


def next_record(
    vehicle_no: ColumnElement[int],
    record_date: ColumnElement[Any],
    result: ColumnElement[str],
    description: ColumnElement[str],
) -> Insert:
    """A statement that adds a row to the vehicle record, under the vehicle's next number.

    The statement that uses the number also finds it: 記録簿 is only added to in table 4,
    and two statements would leave room between them. Some room remains inside the one: two
    programs numbering the same vehicle at once may choose the same number. The key then refuses
    the later one, and an error beats a wrong record. The server's clock fills in the time.
    """
    c = vehicle_record.c
    return insert(vehicle_record).from_select(
        [c.vehicle_no, c.record_no, c.record_date, c.result, c.description],
        select(
            vehicle_no,
            func.coalesce(func.max(c.record_no), 0) + 1,
            record_date,
            result,
            description,
        ).where(c.vehicle_no == vehicle_no),
    )
