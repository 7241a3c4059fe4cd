import sqlite3

import pytest
from sqlalchemy import CheckConstraint, Date, DateTime, Integer, Numeric, String, Table

from schema.vehicle_maintenance import (
    ScheduleKey,
    fixture,
    invariants,
    maintenance_order,
    metadata,
)

TABLES = tuple(metadata.tables.values())
SQL_TYPES = (String, Integer, Numeric, DateTime, Date)
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
each_content = pytest.mark.parametrize(
    "content", [fixture.rows(), fixture.problem_2_rows()], ids=["day", "problem 2"]
)


def schedule_key(row: fixture.Row) -> ScheduleKey:
    return ScheduleKey(row["contract_no"], row["order_no"], row["planned_start_date"])


def arrangements(content: fixture.Rows) -> dict[ScheduleKey, int]:
    return {
        schedule_key(row): row["current_arrangement_no"] for row in content["maintenance_schedule"]
    }


@each_content
def test_the_fixture_names_every_table(content):
    assert set(content) == {table.name for table in TABLES}


@each_table
def test_every_row_fills_the_columns_which_must_be_filled(table: Table):
    for row in fixture.rows()[table.name]:
        assert set(row) == {column.name for column in table.columns}
        assert {n for n, value in row.items() if value is None} <= {
            column.name for column in table.columns if column.nullable
        }


@each_table
def test_every_value_has_the_type_of_its_column(table: Table):
    for row in fixture.rows()[table.name]:
        for column in table.columns:
            assert isinstance(column.type, SQL_TYPES)
            value = row[column.name]
            assert value is None or type(value) is column.type.python_type, column
            if isinstance(column.type, String) and value is not None:
                assert len(value) <= column.type.length


@each_table
def test_no_two_rows_have_the_same_key(table: Table):
    keys = [tuple(row[c.name] for c in table.primary_key) for row in fixture.rows()[table.name]]
    assert len(keys) == len(set(keys))


@each_content
def test_every_foreign_key_finds_its_row(content):
    for table in TABLES:
        for foreign_key in table.foreign_key_constraints:
            pairs = [(e.parent.name, e.column.name) for e in foreign_key.elements]
            there = [[r[c] for _, c in pairs] for r in content[foreign_key.referred_table.name]]
            for row in content[table.name]:
                assert [row[c] for c, _ in pairs] in there, foreign_key.name


@each_table
def test_every_check_holds_for_every_row(table: Table):
    """The checks are standard SQL, so the library's own SQLite can judge them."""
    with_sqlite = sqlite3.connect(":memory:")
    for check in (one for one in table.constraints if isinstance(one, CheckConstraint)):
        for row in fixture.rows()[table.name]:
            assert holds(with_sqlite, check, row), (check.name, row)
    with_sqlite.close()


def test_a_check_that_is_broken_is_seen():
    checks = {str(c.name): c for c in maintenance_order.constraints}
    check = checks["ck_maintenance_order_maintenance_class"]
    row = fixture.rows()["maintenance_order"][0] | {"maintenance_class": "polish"}
    with_sqlite = sqlite3.connect(":memory:")
    assert not holds(with_sqlite, check, row)
    with_sqlite.close()


def holds(sqlite: sqlite3.Connection, check: CheckConstraint, row: fixture.Row) -> bool:
    values = ", ".join(f":{name} AS {name}" for name in row)
    written = {
        name: value and str(value) if not isinstance(value, int) else value
        for name, value in row.items()
    }
    query = f"SELECT {check.sqltext} FROM (SELECT {values})"
    (answer,) = sqlite.execute(query, written).fetchone()
    return answer != 0  # NULL is "not known to be broken", which a CHECK lets pass


@each_content
def test_a_schedule_at_n_has_the_progress_rows_1_to_n(content):
    found: dict[ScheduleKey, list[int]] = {}
    for row in content["progress"]:
        found.setdefault(schedule_key(row), []).append(row["arrangement_no"])
    assert found == {k: list(range(1, n + 1)) for k, n in arrangements(content).items()}


@each_content
def test_a_schedule_copies_class_and_vehicle_from_its_order_and_contract(content):
    classes = {
        (row["contract_no"], row["order_no"]): row["maintenance_class"]
        for row in content["maintenance_order"]
    }
    vehicles = {row["contract_no"]: row["vehicle_no"] for row in content["contract"]}
    for row in content["maintenance_schedule"]:
        assert row["maintenance_class"] == classes[row["contract_no"], row["order_no"]]
        assert row["vehicle_no"] == vehicles[row["contract_no"]]


def test_each_vehicle_has_records_numbered_from_1():
    numbers: dict[int, list[int]] = {row["vehicle_no"]: [] for row in fixture.rows()["vehicle"]}
    for row in fixture.rows()["vehicle_record"]:
        numbers[row["vehicle_no"]].append(row["record_no"])
    assert numbers == {101: [1, 2], 102: [1], 103: [1, 2], 104: [1, 2]}


def test_three_work_items_of_two_schedules_are_reported_on_the_business_date():
    assert [
        (row["sort_seq"], row["work_item_no"], schedule_key(row))
        for row in fixture.rows()["work_result"]
        if row["report_date"] == fixture.BUSINESS_DATE
    ] == [
        (1, 12, fixture.PROBLEM_2_SCHEDULE),
        (2, 24, fixture.SHAKEN_SCHEDULE),
        (2, 31, fixture.SHAKEN_SCHEDULE),
    ]


@each_content
def test_problem_2_is_an_inspection_at_arrangement_5_reported_today(content):
    key = fixture.PROBLEM_2_SCHEDULE
    (schedule,) = [r for r in content["maintenance_schedule"] if schedule_key(r) == key]
    assert (schedule["maintenance_class"], schedule["current_arrangement_no"]) == (
        "inspection",
        5,
    )
    (reported,) = [r for r in content["work_result"] if schedule_key(r) == key]
    assert reported["report_date"] == fixture.BUSINESS_DATE


def test_the_problem_2_rows_differ_in_the_work_results_only_and_have_one():
    day, short = fixture.rows(), fixture.problem_2_rows()
    assert len(short["work_result"]) == 1
    assert short | {"work_result": day["work_result"]} == day


def test_the_named_schedules_stand_where_their_comments_say():
    stands = arrangements(fixture.rows())
    assert {
        fixture.PROBLEM_2_SCHEDULE: 5,
        fixture.SERVICE_SCHEDULE: 4,
        fixture.SHAKEN_SCHEDULE: 5,
        fixture.NOTIFIED_SCHEDULE: 1,
        fixture.ARRANGED_SCHEDULE: 3,
        fixture.RELEASED_SCHEDULE: 8,
    }.items() <= stands.items()


def test_changing_a_copy_leaves_the_fixture_alone():
    fixture.rows()["vehicle"][0]["shaken_expiry_date"] = None
    assert fixture.rows()["vehicle"][0]["shaken_expiry_date"] is not None


def test_the_fixture_keeps_the_invariants():
    content = fixture.rows()
    expected = invariants.expected_progress_rows(arrangements(content))
    observed = {(schedule_key(row), row["arrangement_no"]) for row in content["progress"]}
    assert invariants.progress_row_missing(expected, observed) is None
