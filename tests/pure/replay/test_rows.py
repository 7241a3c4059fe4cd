"""Rows count when their commit was acknowledged."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, text, update

from harness.replay.rows import Rows, count_rows, row_count

metadata = MetaData()
things = Table("things", metadata, Column("id", Integer, primary_key=True), Column("n", Integer))


@pytest.fixture
def connection():
    database = create_engine("sqlite://")
    count_rows(database)
    with database.connect() as connection:
        metadata.create_all(connection)
        connection.commit()
        yield connection
    database.dispose()


def test_statements_made_by_sqlalchemy_and_written_by_hand_count(connection):
    connection.execute(insert(things), [{"id": 1, "n": 1}, {"id": 2, "n": 2}])
    connection.execute(update(things).values(n=3))
    connection.execute(text("delete from things where id = 2"))
    connection.exec_driver_sql("insert into things values (3, 3)")
    connection.commit()
    assert row_count(connection).take() == Rows(added=3, updated=2, deleted=1)
    assert row_count(connection).take() == Rows()


def test_what_is_rolled_back_does_not_count(connection):
    connection.execute(insert(things).values(id=1, n=1))
    connection.commit()
    connection.execute(insert(things).values(id=2, n=1))
    connection.rollback()
    assert row_count(connection).take() == Rows(added=1)


def test_what_is_still_open_does_not_count(connection):
    connection.execute(insert(things).values(id=1, n=1))
    assert row_count(connection).take() == Rows()


def test_a_commit_that_the_server_answered_with_an_error_does_not_count():
    count = row_count_of([("added", 1)], committing=True)
    count.fails(by_server=True)
    assert count.take() == Rows()


def test_a_commit_before_an_error_of_the_programs_own_counts():
    count = row_count_of([("added", 1)], committing=True)
    count.fails(by_server=False)
    assert count.take() == Rows(added=1)


def test_a_commit_counts_once_something_else_is_sent():
    count = row_count_of([("added", 1)], committing=True)
    count.begins()
    count.executed("updated", 5)
    count.fails(by_server=True)
    assert count.take() == Rows(added=1)


def row_count_of(executed, *, committing):
    from harness.replay.rows import RowCount

    count = RowCount()
    for kind, number in executed:
        count.executed(kind, number)
    if committing:
        count.commits()
    return count
