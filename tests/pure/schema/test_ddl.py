import os
import re
import subprocess
import sys

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, Table, create_mock_engine, select
from sqlalchemy.schema import ForeignKey

from schema.dialect import TABLE_OPTIONS, YearsLater, ddl
from schema.vehicle_maintenance import metadata, vehicle

ENGINES = ("mysql", "mariadb", "postgresql")
each_engine = pytest.mark.parametrize("engine_name", ENGINES)

EXPECTED = {
    "mysql": """\
CREATE TABLE one (
    one_no INTEGER NOT NULL COMMENT '一#',
    PRIMARY KEY (one_no)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='一' COLLATE utf8mb4_0900_bin;
CREATE TABLE another (
    one_no INTEGER,
    FOREIGN KEY(one_no) REFERENCES one (one_no)
);
""",
    "mariadb": """\
CREATE TABLE one (
    one_no INTEGER NOT NULL COMMENT '一#',
    PRIMARY KEY (one_no)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='一' COLLATE utf8mb4_nopad_bin;
CREATE TABLE another (
    one_no INTEGER,
    FOREIGN KEY(one_no) REFERENCES one (one_no)
);
""",
    "postgresql": """\
CREATE TABLE one (
    one_no INTEGER NOT NULL,
    PRIMARY KEY (one_no)
);
COMMENT ON TABLE one IS '一';
COMMENT ON COLUMN one.one_no IS '一#';
CREATE TABLE another (
    one_no INTEGER,
    FOREIGN KEY(one_no) REFERENCES one (one_no)
);
""",
}


def example() -> MetaData:
    tables = MetaData()
    Table("another", tables, Column("one_no", Integer, ForeignKey("one.one_no")))
    Table(
        "one",
        tables,
        Column("one_no", Integer, primary_key=True, autoincrement=False, comment="一#"),
        comment="一",
        **TABLE_OPTIONS,
    )
    return tables


@each_engine
def test_ddl_prints_tables_in_dependency_order_with_options_and_comments(engine_name):
    assert ddl(example(), engine_name) == EXPECTED[engine_name]


@each_engine
def test_ddl_of_the_vehicle_tables_creates_every_table_and_index_once(engine_name):
    printed = ddl(metadata, engine_name)
    created = re.findall(r"^CREATE (?:TABLE|INDEX) (\w+)", printed, re.MULTILINE)
    declared = [name for t in metadata.tables.values() for name in (t.name, *indexes(t))]
    assert sorted(created) == sorted(declared)


def indexes(table: Table) -> list[str]:
    return [str(index.name) for index in table.indexes]


@each_engine
def test_ddl_names_every_column_in_japanese(engine_name):
    printed = ddl(metadata, engine_name)
    for table in metadata.tables.values():
        for column in table.columns:
            assert f"'{column.comment}'" in printed


@each_engine
def test_ddl_lets_the_engine_number_nothing(engine_name):
    assert not re.search("SERIAL|IDENTITY|AUTO_INCREMENT", ddl(metadata, engine_name))


@each_engine
def test_every_statement_of_ddl_ends_with_a_semicolon(engine_name):
    printed = ddl(metadata, engine_name)
    openings = len(re.findall("^(?:CREATE|COMMENT) ", printed, re.MULTILINE))
    assert len(re.findall(";$", printed, re.MULTILINE)) == openings
    assert "\n\n" not in printed


@each_engine
def test_ddl_is_the_same_text_in_another_process(engine_name):
    """Sets are ordered by address or by seed, so one process cannot tell."""
    program = (
        "import sys; from schema.dialect import ddl; "
        "from schema.vehicle_maintenance import metadata; "
        f"sys.stdout.buffer.write(ddl(metadata, {engine_name!r}).encode())"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
        capture_output=True,
    )
    assert elsewhere.stdout.decode() == ddl(metadata, engine_name)


@pytest.mark.parametrize(
    ("engine_name", "expected"),
    [
        ("mysql", "CAST(DATE_ADD(vehicle.shaken_expiry_date, INTERVAL 2 YEAR) AS DATE)"),
        ("mariadb", "CAST(DATE_ADD(vehicle.shaken_expiry_date, INTERVAL 2 YEAR) AS DATE)"),
        (
            "postgresql",
            "CAST(vehicle.shaken_expiry_date + make_interval(years => 2) AS DATE)",
        ),
    ],
    ids=ENGINES,
)
def test_years_later_is_said_in_the_words_of_each_engine(engine_name, expected):
    dialect = create_mock_engine(f"{engine_name}://", lambda *_: None).dialect
    later = YearsLater(vehicle.c.shaken_expiry_date, 2)
    printed = select(later).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    assert expected in str(printed)
    assert isinstance(later.type, Date)
