import pytest
from sqlalchemy import Integer, Table
from sqlalchemy.schema import Constraint

from schema.naming import IDENTIFIER_BYTES_MAX
from schema.vehicle_maintenance import metadata

TABLES = tuple(metadata.tables.values())
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)

# The glossary: table, Japanese name, key.
GLOSSARY = {
    "customer": ("顧客", ["customer_code"]),
    "contractor": ("委託先", ["contractor_code"]),
    "contract": ("契約", ["contract_no"]),
    "maintenance_order": ("受託", ["contract_no", "order_no"]),
    "vehicle": ("車両", ["vehicle_no"]),
    "maintenance_schedule": ("予定表", ["contract_no", "order_no", "planned_start_date"]),
    "progress": (
        "進捗",
        ["contract_no", "order_no", "planned_start_date", "arrangement_no"],
    ),
    "work_result": ("実施結果", ["report_date", "sort_seq", "work_item_no"]),
    "inspection_sheet": ("点検表", ["contract_no"]),
    "customer_report": ("報告", ["customer_code", "report_line_no"]),
    "vehicle_record": ("記録簿", ["vehicle_no", "record_no"]),
    "wk1": ("WK1", ["vehicle_no", "maintenance_class"]),
    "wk2": ("WK2", ["vehicle_no"]),
}

# The glossary: columns worth fixing. A name means the same wherever it occurs.
GLOSSARY_COLUMNS = {
    "maintenance_class": "保守区分",
    "planned_start_date": "着手予定YMD",
    "current_arrangement_no": "現手配#",
    "arrangement_no": "手配#",
    "planned_intake_date": "入庫予定YMD",
    "planned_release_date": "出庫予定YMD",
    "report_interval_months": "報告間隔",
    "next_report_date": "次回報告YMD",
    "next_inspection_due_date": "次回点検期限YMD",
    "shaken_expiry_date": "車検満了YMD",
    "maintenance_status": "保守状態",
    "report_date": "報告YMD",
    "sort_seq": "ソート連番",
    "received_at": "受信TS",
    "work_item_no": "実施項目#",
    "points": "点数",
    "result": "結果",
    "planned_points": "予定点数",
    "actual_points": "実績点数",
}

# The batch programs' own table, which the exam does not show.
OWN = {"batch_run": ("バッチ実行", ["program_name", "report_date", "first_sort_seq"])}


def test_the_tables_are_those_of_the_glossary_and_the_batch_programs_own():
    assert {
        table.name: (table.comment, [column.name for column in table.primary_key])
        for table in TABLES
    } == GLOSSARY | OWN


def test_every_column_of_the_glossary_exists_under_its_japanese_name():
    found = {column.name: column.comment for table in TABLES for column in table.columns}
    assert {name: found.get(name) for name in GLOSSARY_COLUMNS} == GLOSSARY_COLUMNS


@each_table
def test_every_column_has_its_japanese_name_as_comment(table: Table):
    nameless = [column.name for column in table.columns if (column.comment or "").isascii()]
    assert nameless == []


def test_a_column_name_has_one_japanese_name():
    names: dict[str, set[str | None]] = {}
    for table in TABLES:
        for column in table.columns:
            names.setdefault(column.name, set()).add(column.comment)
    assert {name: japanese for name, japanese in names.items() if len(japanese) > 1} == {}


@each_table
def test_the_engine_numbers_no_key(table: Table):
    numbered = [
        column.name
        for column in table.primary_key
        if isinstance(column.type, Integer) and column.autoincrement is not False
    ]
    assert numbered == []


def test_the_clock_fills_two_columns():
    assert [
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info == {"filled_by": "clock"} and column.server_default is not None
    ] == [("vehicle_record", "recorded_at"), ("work_result", "received_at")]


@each_table
def test_every_foreign_key_is_served_by_an_index_on_every_engine(table: Table):
    """InnoDB would make the missing ones itself, and PostgreSQL would not."""
    keys = [list(index.columns) for index in table.indexes] + [list(table.primary_key)]
    for foreign_key in table.foreign_key_constraints:
        columns = list(foreign_key.columns)
        assert any(key[: len(columns)] == columns for key in keys), foreign_key.name


@each_table
def test_no_index_begins_like_the_key(table: Table):
    key = list(table.primary_key)
    for index in table.indexes:
        assert list(index.columns) != key[: len(index.columns)], index.name


@pytest.mark.parametrize("name", ["wk1", "wk2"])
def test_work_tables_point_to_no_table(name: str):
    assert metadata.tables[name].foreign_keys == set()


def test_every_constraint_and_index_has_a_name_that_every_engine_can_keep():
    for table in TABLES:
        named: list[Constraint] = list(table.constraints)
        for name in [str(one.name) for one in named] + [str(i.name) for i in table.indexes]:
            assert table.name in name
            assert len(name.encode()) <= IDENTIFIER_BYTES_MAX


def test_no_two_constraints_of_the_database_share_a_name():
    names = [str(one.name) for table in TABLES for one in table.constraints]
    assert sorted(names) == sorted(set(names))
