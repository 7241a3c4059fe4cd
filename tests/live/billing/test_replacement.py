"""The bulk deletion replaced: what stays, whoever watches, and whatever step a crash comes in."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from live.billing.ended import DiedError, ended_in
from live.billing.plain_deletion import left_by_plain_deletion
from live.loading.conftest import filled  # noqa: F401 - a fixture
from sqlalchemy import Column, Integer, MetaData, Table, delete, inspect, select, text
from sqlalchemy.schema import CreateSchema, DropSchema

from harness.engines import ENGINES
from harness.errors import UsageError
from harness.loading.loader import load, read_digests
from schema.billing import bill, bill_line
from schema.billing.generator import generate
from schema.billing.invariants import lines_belong, observe_bills, observe_counts
from workloads.billing.batch.bill_registration import (
    BillRegistrationRequest,
    Purchase,
    PurchasedProduct,
    bill_registration,
)
from workloads.billing.batch.bulk_deletion import due_bills
from workloads.billing.measurements.month import MONTH_END
from workloads.billing.replacement.new_tables import home_of, next_to, old_of
from workloads.billing.replacement.rows import DamagedFileError
from workloads.billing.replacement.steps import (
    IN_PLACE_STEPS,
    SWAP_STEPS,
    Replaced,
    Replacement,
    Step,
)

pytestmark = pytest.mark.integration

BUSINESS = generate(0.0005, 7, MONTH_END.processing_date)
DYING = Path(__file__).with_name("dying_replacement.py")
ALL_STEPS = [
    *(pytest.param("in place", step, id=f"in place {step.name}") for step in IN_PLACE_STEPS),
    *(pytest.param("swap", step, id=f"swap {step.name}") for step in SWAP_STEPS),
]

# Every step where runs are repeated, in the night; else the ones that leave most behind.
STEPS = (
    ALL_STEPS
    if "HARNESS_REPEATS" in os.environ
    else [
        pytest.param("in place", Step.LOAD_BILLS, id="in place LOAD_BILLS"),
        pytest.param("swap", Step.LOAD_LINES, id="swap LOAD_LINES"),
        pytest.param("swap", Step.SWAP, id="swap SWAP"),
    ]
)


@pytest.fixture
def right(filled):  # noqa: F811 - asks for the fixture
    """What a plain deletion of the same rows leaves."""
    return left_by_plain_deletion(filled, BUSINESS)


@pytest.fixture
def database(filled, right):  # noqa: F811 - asks for the fixture
    load(ENGINES[filled.kind], filled.url, BUSINESS, lambda _blocks, _rows: None)
    return filled


@pytest.fixture
def replacement(database, tmp_path):
    def made(watch=lambda _step: None):
        return Replacement(ENGINES[database.kind], database.url, MONTH_END, tmp_path, watch)

    yield made
    made().recover()  # no schema of ours stays beside the database


def run(replacement, way):
    if way == "in place":
        return replacement.in_place()
    return replacement.swap(unlogged=way == "swap, unlogged")


def digests(database):
    _, held = read_digests(ENGINES[database.kind], database.url, BUSINESS.metadata)
    return held


def declared(database):
    """What the catalog says of the two tables' keys, indexes and rules."""
    catalog = inspect(database.engine)
    found = {}
    for name in (bill.name, bill_line.name):
        keys = [
            (key["name"], key["constrained_columns"], key["referred_table"], key["referred_schema"])
            for key in catalog.get_foreign_keys(name)
        ]
        found[name] = (
            sorted(keys),
            sorted(index["name"] for index in catalog.get_indexes(name)),
            sorted(rule["name"] for rule in catalog.get_check_constraints(name)),
            catalog.get_pk_constraint(name)["constrained_columns"],
        )
    return found


@pytest.mark.parametrize("way", ["in place", "swap"])
def test_what_stays_is_what_a_deletion_leaves(database, replacement, way, tmp_path, right):
    names = declared(database)
    done = run(replacement(), way)
    held = digests(database)
    assert done == Replaced(held["bill"].rows, held["bill_line"].rows)
    assert held == right
    assert declared(database) == names
    with database.engine.connect() as connection:
        assert lines_belong(observe_counts(connection)) is None
    assert sorted(p.name for p in (tmp_path / "copy").iterdir()) == ["bill.tsv", "bill_line.tsv"]
    schemas = inspect(database.engine).get_schema_names()
    assert not [name for name in schemas if name.endswith((next_to(""), old_of("")))]


@pytest.mark.parametrize("way", ["in place", "swap"])
def test_new_bills_get_numbers_that_no_bill_ever_had(database, replacement, way):
    """Also where the bills with the highest numbers are gone."""
    last = 2 * BUSINESS.members
    with database.engine.begin() as connection:
        for table in (bill_line, bill):
            connection.execute(delete(table).where(table.c.bill_no == last))
    for _ in range(2):  # the second finds no number given out since the first
        run(replacement(), way)
    bought = Purchase(1, (PurchasedProduct(101, 1, 900),))
    month = MONTH_END.processing_date.replace(month=11, day=1)
    request = BillRegistrationRequest(1, month.replace(day=7), month, (bought,))
    with database.engine.connect() as connection:
        bill_registration(connection, request)
        assert max(one.bill_no for one in observe_bills(connection)) == last + 1


@pytest.mark.parametrize(("way", "step"), STEPS)
def test_a_program_that_ends_in_any_step_loses_nothing(database, replacement, way, step, right):
    before = digests(database)
    with pytest.raises(DiedError):
        run(replacement(ended_in(step)), way)
    done = replacement().recover()
    held = digests(database)
    if not done and held == before:
        run(replacement(), way)
        held = digests(database)
    assert held == right
    assert held["bill"].rows < before["bill"].rows


KILLS = [("in place", "LOAD_LINES"), ("swap", "CLEAN")]


@pytest.mark.parametrize(("way", "step"), KILLS)
def test_a_killed_process_loses_nothing(database, replacement, way, step, tmp_path, right):
    url = database.url.render_as_string(hide_password=False)
    died = subprocess.run(
        [sys.executable, str(DYING), database.kind, way, step, str(tmp_path)],
        env={**os.environ, "BILLING_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    if not replacement().recover():
        run(replacement(), way)
    assert digests(database) == right
    with database.engine.connect() as connection:
        assert (
            connection.execute(select(bill.c.bill_no).where(due_bills(MONTH_END))).first() is None
        )


@pytest.mark.engines("mysql", "mariadb")
def test_a_damaged_file_is_refused_whole_where_the_tables_are_emptied(
    database, replacement, tmp_path, right
):
    """Where all of it is one transaction, emptied tables are never left behind."""

    with pytest.raises(DiedError):
        replacement(ended_in(Step.LOAD_BILLS)).in_place()
    file = tmp_path / "bill_line.tsv"
    whole = file.read_text()
    file.write_text(whole.replace("\t", "", 1))
    with pytest.raises(DamagedFileError, match=r"bill_line.tsv: line 1: has 5 values, not 6"):
        replacement().recover()
    assert digests(database)["bill"].rows == 0
    file.write_text(whole)
    assert replacement().recover()
    assert digests(database) == right


@pytest.mark.engines("postgresql")
def test_tables_filled_without_log_are_ordinary_ones_in_the_end(database, replacement, right):
    with pytest.raises(DiedError):
        run(replacement(ended_in(Step.LOGGED)), "swap, unlogged")
    assert replacement().recover() is False
    run(replacement(), "swap, unlogged")
    assert digests(database) == right
    with database.engine.connect() as connection:
        kept = connection.execute(text("SELECT relname FROM pg_class WHERE relpersistence = 'u'"))
        assert kept.all() == []


def test_schemas_that_are_somebodys_are_left_alone(database, replacement):
    """Of either name; also one that looks as if the old tables were in it."""
    home = home_of(database.engine)
    for schema in (next_to(home), old_of(home)):
        theirs = Table(bill.name, MetaData(), Column("no", Integer), schema=schema)
        with database.engine.begin() as connection:
            connection.execute(CreateSchema(schema))
            theirs.create(connection)
        try:
            for refused in (replacement().swap, replacement().in_place, replacement().recover):
                with pytest.raises(UsageError, match=f"{schema} is not the harness's: .*bill"):
                    refused()
            assert inspect(database.engine).has_table(bill.name, schema)
        finally:
            with database.engine.begin() as connection:
                theirs.drop(connection, checkfirst=True)
                connection.execute(DropSchema(schema))


@pytest.mark.engines("mysql", "mariadb")
def test_where_no_table_can_come_under_log_the_way_is_refused(replacement):
    with pytest.raises(UsageError, match="has no tables without log that can become ordinary"):
        run(replacement(), "swap, unlogged")


def test_writers_are_shut_out_and_readers_let_in_until_the_swap(database, replacement):
    """A reader is answered in every step; what it sees is whole, before and after."""
    seen = []

    def watch(_step):
        with database.engine.connect() as connection:
            seen.append(lines_belong(observe_counts(connection)))

    replacement(watch).swap()
    assert seen == [None] * len(SWAP_STEPS)
