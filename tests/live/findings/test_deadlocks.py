"""A deadlock on a live server is told as data, and what it advises removes it."""

import json

import pytest
from live.findings.deadlocking import change, enter, explored, lock, script

from harness.engines import Isolation
from harness.report.document import cell_of
from harness.report.summary import refused_work

pytestmark = pytest.mark.integration


def test_two_orders_are_told_and_the_advised_one_has_no_deadlock(database):
    cell = explored(database, script(change(1), change(2)), script(change(2), change(1)))
    assert cell.possible_deadlocks
    advice = cell.deadlock.advice
    assert (advice.change, advice.session, advice.first) == ("order", "T2", "account (id = 1)")
    assert advice.sentence == (
        "T1 locks account (id = 1), then account (id = 2); "
        "T2 locks account (id = 2), then account (id = 1): have T2 lock account (id = 1) first"
    )
    for member in cell.deadlock.members:
        assert member.table == "account"
        assert member.statement.startswith("update account set balance")
        assert member.mode
        assert not member.held.shared

    advised = explored(
        database, script(change(1), change(2)), script(lock(1), change(2), change(1))
    )
    assert advised.complete
    assert advised.possible_deadlocks == 0


def test_three_in_a_ring_are_told_and_the_advised_order_has_no_deadlock(database):
    first, second = script(change(1), change(2)), script(change(2), change(3))
    cell = explored(database, first, second, script(change(3), change(1)))
    assert cell.possible_deadlocks
    assert len(cell.deadlock.members) == 3
    advice = cell.deadlock.advice
    assert (advice.change, advice.session, advice.first) == ("order", "T3", "account (id = 1)")
    assert "T3 locks account (id = 3), then account (id = 1): have T3" in advice.sentence

    third = script(lock(1), change(3), change(1))
    assert explored(database, first, second, third).possible_deadlocks == 0


@pytest.mark.engines("mysql", "mariadb")  # the other does not let inserts hinder updates
def test_a_foreign_key_that_shares_first_is_told_and_a_stronger_first_read_removes_it(database):
    cell = explored(database, script(enter(1), change(1)), script(enter(2), change(1)))
    assert cell.possible_deadlocks
    advice = cell.deadlock.advice
    assert (advice.change, advice.first) == ("stronger lock", "account (id = 1)")
    assert advice.sentence.endswith(
        "(by an insert into entry, whose foreign key names it), and then each wants it "
        "exclusively: read account (id = 1) FOR UPDATE before that"
    )
    assert all(member.held.shared for member in cell.deadlock.members)
    assert {member.index for member in cell.deadlock.members} == {"PRIMARY"}

    stronger = (script(lock(1), enter(n), change(1)) for n in (1, 2))
    assert explored(database, *stronger).possible_deadlocks == 0


@pytest.mark.engines("postgresql")
def test_a_foreign_key_hinders_nobody_here(database):
    cell = explored(database, script(enter(1), change(1)), script(enter(2), change(1)))
    assert cell.possible_deadlocks == 0
    assert cell.deadlock is None


def test_a_shared_read_that_turns_exclusive_is_told_and_removed(database):
    how = "for share" if database.kind == "postgresql" else "lock in share mode"
    shared = f"select balance from account where id = 1 {how}"
    cell = explored(database, script(shared, change(1)), script(shared, change(1)))
    assert cell.possible_deadlocks
    advice = cell.deadlock.advice
    assert (advice.change, advice.first) == ("stronger lock", "account (id = 1)")
    assert advice.sentence.endswith("read account (id = 1) FOR UPDATE at the first read")

    stronger = script(lock(1), change(1))
    assert explored(database, stronger, stronger).possible_deadlocks == 0


@pytest.mark.engines("mysql", "mariadb")
def test_where_both_keep_a_gap_no_order_is_advised(database):
    """Nor is there one: the mirrored program deadlocks as well."""
    look = "select balance from account where id > 3 for update"
    add = "insert into account (id, balance) values ({}, 0)"
    level = Isolation.REPEATABLE_READ
    cell = explored(
        database, script(look, add.format(4)), script(look, add.format(5)), isolation=level
    )
    assert cell.possible_deadlocks
    advice = cell.deadlock.advice
    assert advice.change == "none"
    assert advice.sentence.startswith("no order of locks removes it: each keeps a gap")
    assert any(member.gap for member in cell.deadlock.members)
    other = explored(
        database, script(look, add.format(5)), script(look, add.format(4)), isolation=level
    )
    assert other.possible_deadlocks


def test_where_a_statement_cannot_be_read_the_advice_is_unknown(database):
    """A function that is not built in may lock what it likes."""
    with database.engine.begin() as connection:
        for statement in SURPRISES[database.kind]:
            connection.exec_driver_sql(statement)
    odd = "update account set balance = surprise() where id = {}"
    cell = explored(database, script(odd.format(1), change(2)), script(change(2), odd.format(1)))
    assert cell.possible_deadlocks
    assert cell.deadlock.advice.change == "unknown"


_MYSQL = ("create function surprise() returns int no sql return 5",)
SURPRISES = {
    "mysql": ("set global log_bin_trust_function_creators = 1", *_MYSQL),
    "mariadb": _MYSQL,
    "postgresql": ("create function surprise() returns int language sql as 'select 5'",),
}


def test_the_document_and_the_summary_hold_it(database):
    cell = explored(database, script(change(1), change(2)), script(change(2), change(1)))
    told = json.loads(json.dumps(cell_of(cell)))["deadlock"]
    assert told["advice"]["change"] == "order"
    assert [member["session"] for member in told["members"]] == told["cycle"]
    assert {member["row"] for member in told["members"]} == {
        "account (id = 1)",
        "account (id = 2)",
    }
    assert told["members"][0]["held"]["turn"] < told["turn"]
    (said,) = refused_work([cell])
    assert said.endswith("have T2 lock account (id = 1) first")
