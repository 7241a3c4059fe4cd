"""The billing tables: names, keys, numbering, and the constraints that mend problem A."""

import re

import pytest
from sqlalchemy import Table

from schema.billing import metadata, print_ddl
from schema.billing.constraints import unique_billed_date, unique_billing_month
from schema.naming import IDENTIFIER_BYTES_MAX

ENGINES = ("mysql", "mariadb", "postgresql")
TABLES = tuple(metadata.tables.values())
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)

# The glossary: table, Japanese name, key.
GLOSSARY = {
    "member": ("会員", ["member_no"]),
    "bill": ("請求", ["bill_no"]),
    "bill_line": ("請求明細", ["bill_no", "line_no"]),
    "product_billing": ("商品別請求", ["product_no"]),
}

# Columns that the glossary names, under the names of the exam's text.
COLUMNS = {
    "last_billed_date": "最新請求日",
    "last_paid_date": "最新入金日",
    "bill_no": "請求番号",
    "billed_date": "請求日",
    "line_count": "明細数",
    "paid_date": "入金日",
    "cancelled_date": "請求取消日",
    "line_no": "請求明細番号",
    "amount": "請求額",
    "returned": "返品フラグ",
    "billed_total": "請求額合計",
}


def test_the_tables_are_those_of_the_glossary():
    assert {
        table.name: (table.comment, [column.name for column in table.primary_key])
        for table in TABLES
    } == GLOSSARY


def test_every_column_of_the_exam_exists_under_its_japanese_name():
    found = {column.name: column.comment for table in TABLES for column in table.columns}
    assert {name: found.get(name) for name in COLUMNS} == COLUMNS


@each_table
def test_every_column_has_its_japanese_name_as_comment(table: Table):
    assert [column.name for column in table.columns if (column.comment or "").isascii()] == []


@each_table
def test_every_constraint_and_index_has_a_name_that_fits(table: Table):
    names = [str(one.name) for one in (*table.constraints, *table.indexes)]
    assert [name for name in names if table.name not in name] == []
    assert [name for name in names if len(name.encode()) > IDENTIFIER_BYTES_MAX] == []


@pytest.mark.parametrize("engine_name", ENGINES)
def test_ddl_lets_the_engine_number_the_bills_and_nothing_else(engine_name):
    printed = print_ddl(engine_name)
    numbered = re.findall(r"^ +(\w+) .*(?:IDENTITY|AUTO_INCREMENT|SERIAL)", printed, re.MULTILINE)
    assert numbered == ["bill_no"]
    assert len(re.findall("^CREATE TABLE", printed, re.MULTILINE)) == len(TABLES)


def test_the_tables_as_they_were_let_a_member_have_two_bills_and_the_mended_do_not():
    assert unique_keys(metadata) == []
    assert unique_keys(unique_billed_date) == [["member_no", "billed_date"]]
    assert unique_keys(unique_billing_month) == [["member_no", "billing_month"]]


def unique_keys(tables):
    return [
        [column.name for column in one.columns]
        for one in tables.tables["bill"].constraints
        if one.__visit_name__ == "unique_constraint"
    ]


def test_the_mended_tables_differ_in_the_bill_only():
    for mended in (unique_billed_date, unique_billing_month):
        assert set(mended.tables) == set(metadata.tables)
        for name, table in mended.tables.items():
            added = (
                {"billing_month"} if mended is unique_billing_month and name == "bill" else set()
            )
            assert set(table.columns.keys()) == set(metadata.tables[name].columns.keys()) | added
