"""What the reduction once took for commuting and is not, and what it once never tried."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from live.interleave.reduction import METADATA, STATEMENTS, found, program, scenario_of
from sqlalchemy import DDL, Connection, MetaData, event, text
from sqlalchemy.exc import DBAPIError

from harness.engines import Isolation

pytestmark = pytest.mark.integration

RC, RR, SERIALIZABLE = Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE

STOCK = "SELECT pieces FROM stock WHERE item = 1"
SHELF = "SELECT item FROM shelf WHERE place = 1"
CHANGE_STOCK = "UPDATE stock SET pieces = pieces + 1 WHERE item = 1"
CHANGE_SHELF = "UPDATE shelf SET item = item + 1 WHERE place = 1"


def assert_equal(database, isolation, *programs, metadata=METADATA):
    scenario = scenario_of("case", metadata, *programs)
    full = found(database, scenario, isolation, reduction=False)
    assert not full["unknown"]
    assert found(database, scenario, isolation, reduction=True) == full
    return full


def test_a_race_of_two_whose_reversal_begins_with_a_third(database):
    """The one that reads both tables must see the second change and not the first."""
    full = assert_equal(
        database,
        RC,
        program([CHANGE_STOCK]),
        program([SHELF, STOCK]),
        program([STOCK, CHANGE_SHELF]),
    )
    assert (full["possible"], full["broken"]) == (560, 114)


def gets_or_creates(connection: Connection) -> str:
    """As an ORM does it: the insert in a savepoint, which is given up if the key is there."""
    connection.execute(text(CHANGE_STOCK))
    try:
        with connection.begin_nested():
            connection.execute(text(CHANGE_SHELF))
            connection.execute(text("INSERT INTO shelf (place, item) VALUES (2, 7)"))
    except DBAPIError:
        pass
    connection.commit()
    return "there"


def test_an_error_in_a_savepoint_leaves_the_transaction_what_it_did_before(database):
    full = assert_equal(database, RC, gets_or_creates, program([CHANGE_SHELF, STOCK, STOCK]))
    # InnoDB keeps the lock on the shelf beyond the savepoint, so the other is held off.
    assert bool(full["broken"]) is (database.target.engine.name == "postgresql")


def with_ddl(make: Sequence[str], undo: Sequence[str]) -> MetaData:
    """The two tables, with more made after them and dropped before them."""
    metadata = MetaData()
    for table in METADATA.sorted_tables:
        table.to_metadata(metadata)
    for when, statements in (("after_create", make), ("before_drop", undo)):
        for statement in statements:
            event.listen(metadata, when, DDL(statement))
    return metadata


def test_a_view_reads_what_it_does_not_name(database):
    metadata = with_ddl(
        ["CREATE VIEW seen AS SELECT pieces FROM stock"], ["DROP VIEW IF EXISTS seen"]
    )
    look = "SELECT SUM(pieces) FROM seen"
    full = assert_equal(
        database, RC, program([look, look]), program([CHANGE_STOCK]), metadata=metadata
    )
    assert full["broken"] > 0


TRIGGERS = {
    "mysql": (
        [
            "CREATE TRIGGER counted AFTER UPDATE ON stock FOR EACH ROW "
            "UPDATE shelf SET item = item + 1 WHERE place = 1"
        ],
        ["DROP TRIGGER IF EXISTS counted"],
    ),
    "postgresql": (
        [
            "CREATE FUNCTION counting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "UPDATE shelf SET item = item + 1 WHERE place = 1; RETURN new; END $$",
            "CREATE TRIGGER counted AFTER UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION counting()",
        ],
        ["DROP FUNCTION IF EXISTS counting CASCADE"],
    ),
}


def test_a_trigger_changes_what_no_statement_names(database):
    kind = "postgresql" if database.target.engine.name == "postgresql" else "mysql"
    programs = program([SHELF, SHELF]), program([CHANGE_STOCK])
    full = assert_equal(database, RC, *programs, metadata=with_ddl(*TRIGGERS[kind]))
    assert full["broken"] > 0


@pytest.mark.engines("postgresql")
def test_a_table_is_the_same_in_other_letters(database):
    look = "SELECT pieces FROM STOCK WHERE item = 1"
    assert assert_equal(database, RC, program([look, look]), program([CHANGE_STOCK]))["broken"] > 0


def test_a_common_table_expression_may_have_the_name_of_what_it_reads(database):
    look = "WITH stock AS (SELECT pieces FROM stock) SELECT SUM(pieces) FROM stock"
    assert assert_equal(database, RC, program([look, look]), program([CHANGE_STOCK]))["broken"] > 0


CHOICES = {
    "mysql": "SET SESSION transaction_isolation = 'SERIALIZABLE'",
    "mariadb": "SET tx_isolation = 'SERIALIZABLE'",
    "postgresql": "SET default_transaction_isolation = 'serializable'",
}


def test_a_level_may_be_chosen_by_a_variable(database):
    """At the chosen level a plain read waits, or is watched."""
    chosen = CHOICES[database.target.engine.name]
    assert_equal(
        database,
        RC,
        program([chosen, "COMMIT", STOCK, SHELF]),
        program([CHANGE_SHELF, CHANGE_STOCK]),
    )


def test_the_snapshot_is_taken_by_the_first_plain_read_or_the_first_statement(database):
    locks = ["SELECT item FROM shelf WHERE place = 1 FOR UPDATE", SHELF, STOCK]
    assert_equal(database, RR, program([CHANGE_STOCK]), program(locks))


def test_who_is_refused_learns_it_at_whatever_it_does_next(database):
    """At serializable an engine may watch reads, and doom a session before it asks again."""
    count = "SELECT COUNT(*) FROM stock WHERE pieces > 5"
    assert_equal(
        database,
        SERIALIZABLE,
        program([STOCK, CHANGE_SHELF, count]),
        program([SHELF, STATEMENTS[6], CHANGE_STOCK]),
    )


def test_a_transaction_that_has_ended_is_a_third_for_the_next_of_its_program(database):
    """Its readers are refused for what its program reads in the transaction after."""
    assert_equal(
        database,
        SERIALIZABLE,
        program([CHANGE_STOCK, "COMMIT", SHELF]),
        program([CHANGE_SHELF, STOCK]),
    )
