"""The vehicle maintenance tables mean the same on every engine."""

from datetime import date, datetime, time

import pytest
from sqlalchemy import inspect, literal, select, update
from sqlalchemy.exc import DBAPIError

from schema.dialect import YearsLater, ddl
from schema.vehicle_maintenance import (
    customer,
    fixture,
    invariants,
    maintenance_schedule,
    metadata,
    vehicle,
    work_result,
)

pytestmark = pytest.mark.integration


def shape(engine):
    """What the engine says about each table: its comments, its indexes, its foreign keys."""
    seen = inspect(engine)
    return {
        table.name: (
            seen.get_table_comment(table.name)["text"],
            {c["name"]: c["comment"] for c in seen.get_columns(table.name)},
            {i["name"]: i["column_names"] for i in seen.get_indexes(table.name)},
            {f["name"]: f["referred_table"] for f in seen.get_foreign_keys(table.name)},
        )
        for table in metadata.sorted_tables
    }


DECLARED = {
    table.name: (
        table.comment,
        {c.name: c.comment for c in table.columns},
        {i.name: [c.name for c in i.columns] for i in table.indexes},
        {f.name: f.referred_table.name for f in table.foreign_key_constraints},
    )
    for table in metadata.sorted_tables
}


def test_the_engine_has_the_declared_comments_indexes_and_foreign_keys(database):
    """And none besides: an index that InnoDB made by itself would show here."""
    metadata.create_all(database.engine)
    assert shape(database.engine) == DECLARED


def test_the_printed_ddl_creates_the_same_tables(database):
    with database.engine.begin() as connection:
        for statement in ddl(metadata, database.kind).split(";\n"):
            if statement:
                connection.exec_driver_sql(statement)
    assert shape(database.engine) == DECLARED


def test_the_fixture_reads_back_as_it_was_written(connection):
    content = fixture.rows()
    for table in metadata.sorted_tables:
        rows = [dict(row._mapping) for row in connection.execute(select(table))]
        key = [column.name for column in table.primary_key]
        assert sorted(rows, key=lambda row: [row[name] for name in key]) == sorted(
            content[table.name], key=lambda row: [row[name] for name in key]
        )


def test_the_fixture_keeps_the_invariants(connection):
    current = invariants.observe_current_arrangements(connection)
    observed = invariants.observe_progress_rows(connection)
    expected = invariants.expected_progress_rows(current)
    assert len(current) == len(fixture.rows()["maintenance_schedule"])
    assert len(observed) == len(fixture.rows()["progress"])
    assert invariants.progress_row_missing(expected, observed) is None


def test_the_problem_2_rows_can_be_loaded_too(database):
    metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        fixture.load(connection, fixture.problem_2_rows())
        assert len(connection.execute(select(work_result)).all()) == 1


@pytest.mark.parametrize("number", [0, 9])
def test_an_arrangement_outside_1_to_8_is_refused(connection, number):
    with pytest.raises(DBAPIError, match="ck_maintenance_schedule_current_arrangement_no"):
        connection.execute(update(maintenance_schedule).values(current_arrangement_no=number))


def test_an_unknown_maintenance_class_is_refused(connection):
    with pytest.raises(DBAPIError, match="ck_maintenance_schedule_maintenance_class"):
        connection.execute(update(maintenance_schedule).values(maintenance_class="polish"))


@pytest.mark.parametrize("code", ["c001", "C001 "], ids=["other case", "padded"])
def test_codes_are_compared_byte_by_byte(connection, code):
    found = connection.execute(select(customer).where(customer.c.customer_code == code))
    assert found.all() == []


def test_timestamps_keep_microseconds(connection):
    at = datetime.combine(fixture.BUSINESS_DATE, time(11, 40, 59, 123456))
    connection.execute(update(work_result).values(received_at=at))
    assert set(connection.execute(select(work_result.c.received_at)).scalars()) == {at}


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2024, 10, 31), date(2026, 10, 31)),
        (date(2024, 2, 29), date(2026, 2, 28)),
        (date(2026, 2, 28), date(2028, 2, 28)),
    ],
    ids=["ordinary day", "leap day", "into a leap year"],
)
def test_two_years_later_is_the_same_date_on_every_engine(connection, day, later):
    connection.execute(update(vehicle).values(shaken_expiry_date=day))
    added = YearsLater(vehicle.c.shaken_expiry_date, 2)
    assert set(connection.execute(select(added)).scalars()) == {later}
    connection.execute(update(vehicle).values(shaken_expiry_date=added))
    expiry = connection.execute(select(vehicle.c.shaken_expiry_date)).scalars()
    assert set(expiry) == {later}


def test_a_date_known_to_the_program_can_be_moved_on_as_well(connection):
    later = YearsLater(literal(date(2024, 10, 31)), 2)
    assert connection.execute(select(later)).scalar_one() == date(2026, 10, 31)
