"""What the billing programs do to the tables is what exam table 2 says, on every engine."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select

from harness.checks.verdict import Verdict
from harness.crud.comparison import compare
from harness.crud.observed import observe
from schema.billing import member
from workloads.billing.online.bill_inquiry import BillRange, bill_inquiry_2
from workloads.billing.table_2 import subjects

pytestmark = pytest.mark.integration


@pytest.fixture
def subject():
    (subject,) = subjects()
    return subject


def rows(subject, database, **changed):
    given = replace(subject, runs=lambda folder: {**subject.runs(folder), **changed})
    found = observe(given, database.target.engine, database.target.url)
    return {row.program.name: row for row in compare(given, found)}


def test_every_program_does_what_table_2_says(subject, database):
    found = rows(subject, database)
    assert [line for row in found.values() for line in row.differences] == []
    assert {row.verdict for row in found.values()} == {Verdict.HOLDS}
    assert list(found) == [program.name for program in subject.programs]


def reading_too_much(connection, asked):
    connection.execute(select(member.c.member_name)).all()
    return bill_inquiry_2(connection, asked)


def test_a_program_that_reads_one_table_too_many_is_caught(subject, database):
    asked = partial(reading_too_much, asked=BillRange(1, 9))
    row = rows(subject, database, bill_inquiry_2=[asked])["bill_inquiry_2"]
    assert row.verdict is Verdict.VIOLATED
    assert "reads member, and should not" in row.differences[0]


def test_a_program_that_was_not_run_is_unknown(subject, database):
    assert rows(subject, database, bulk_deletion=[])["bulk_deletion"].verdict is Verdict.UNKNOWN
