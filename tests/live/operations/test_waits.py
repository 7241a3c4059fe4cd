"""Lock waits and deadlocks that are provoked are seen, with the programs that met."""

import threading

import pytest
from live.operations.conftest import run_all, until, update
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

pytestmark = pytest.mark.integration


def test_a_row_wait_is_told_with_both_programs_and_the_table(watched) -> None:
    with watched.program("progress update") as holder, watched.program("booking") as waiter:
        update(holder, 1)
        thread = threading.Thread(target=update, args=(waiter, 1))
        thread.start()
        until(watched.monitor.waits, "a wait")
        until(lambda: watched.monitor.waits()[0].longest_s > 0.2, "the wait to last")
        holder.rollback()
        thread.join()
        waiter.rollback()
    until(lambda: watched.figure("lock_waits").last == 0, "its end")
    (row,) = watched.monitor.waits()
    assert (row.waiting, row.blocking) == ("booking", "progress update")
    assert (row.table, row.times) == ("account", 1)
    assert row.on
    assert watched.figure("lock_waits").high == 1
    counted = watched.figure("row_lock_waits")
    if counted.available:
        assert watched.grown("row_lock_waits") >= 1
        assert watched.grown("row_lock_wait_s") > 0


def test_no_wait_is_told_where_nobody_waited(watched) -> None:
    """The other half: two programs that work beside each other."""
    with watched.program("one") as one, watched.program("other") as other:
        update(one, 1)
        update(other, 2)
        samples = watched.monitor.report().cost.samples
        until(lambda: watched.monitor.report().cost.samples > samples + 2, "three samples")
        one.rollback()
        other.rollback()
    assert watched.monitor.waits() == []
    assert watched.figure("lock_waits").high == 0
    assert watched.monitor.deadlocks() == []


def test_a_wait_for_a_table_s_definition_is_told(watched) -> None:
    with watched.program("reader") as holder, watched.program("migration") as waiter:
        holder.execute(text("select * from account"))

        def alter() -> None:
            waiter.execute(text("alter table account add extra int"))

        thread = threading.Thread(target=alter)
        thread.start()
        until(watched.monitor.waits, "a wait")
        holder.rollback()
        thread.join()
        waiter.rollback()
    (row,) = watched.monitor.waits()
    assert (row.waiting, row.blocking, row.table) == ("migration", "reader", "account")


def test_names_that_connections_carry_are_told(watched) -> None:
    """Nobody registers them, as for programs of other processes."""
    naming = watched.database.target.engine.monitoring.naming
    arguments = dict(watched.database.target.engine.connect_arguments)
    one, other = (
        create_engine(watched.database.url, connect_args={**arguments, **naming(name)})
        for name in ("payment", "deletion")
    )
    with one.connect() as holder, other.connect() as waiter:
        update(holder, 1)
        thread = threading.Thread(target=update, args=(waiter, 1))
        thread.start()
        until(watched.monitor.waits, "a wait")
        holder.rollback()
        thread.join()
        waiter.rollback()
    one.dispose()
    other.dispose()
    (row,) = watched.monitor.waits()
    assert (row.waiting, row.blocking) == ("deletion", "payment")


def test_a_deadlock_is_told_with_its_cycle_and_who_was_given_up(watched) -> None:
    meet = threading.Barrier(2)
    given_up = []

    def crosswise(name: str, first: int, second: int) -> None:
        with watched.program(name) as connection:
            update(connection, first)
            meet.wait()
            try:
                update(connection, second)
                connection.commit()
            except DBAPIError:
                given_up.append(name)

    run_all(lambda: crosswise("one", 1, 2), lambda: crosswise("other", 2, 1))
    until(watched.monitor.deadlocks, "the deadlock in log or status")
    (found,) = watched.monitor.deadlocks()
    assert sorted(found.cycle) == ["one", "other"]
    # One engine's report names another member than the one that it gives up: then none is told.
    assert found.victim == (None if watched.database.kind == "mariadb" else given_up[0])
    assert any(member.table == "account" for member in found.members)
    assert all("update account" in member.statement for member in found.members)
    until(lambda: watched.grown("deadlocks") == 1, "the server's own count")
    assert watched.monitor.report().unseen_deadlocks() == 0
