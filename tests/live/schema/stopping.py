"""Stop a program in the middle, as a crash does, and look at what is left."""

from contextlib import contextmanager

import pytest
from sqlalchemy import delete, event, select

from schema.vehicle_maintenance import fixture, metadata


class Killed(Exception):
    """Stands for the end of the program in the middle."""


def content(connection):
    """Every row of every table, without what a clock has filled in."""
    return {
        table.name: sorted(
            map(repr, connection.execute(select(*(c for c in table.columns if not c.info))))
        )
        for table in metadata.sorted_tables
    }


def refused(connection, error, program, request):
    """The program raises, leaves no transaction, and has changed nothing; what it said."""
    before = content(connection)
    connection.commit()
    with pytest.raises(error) as caught:
        program(connection, request)
    assert not connection.in_transaction()
    assert content(connection) == before
    connection.commit()
    return str(caught.value)


def reload(engine):
    """Put the fixture's day back."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        fixture.load(connection)


@contextmanager
def killed_before(connection, step):
    """Kill what runs on the connection when it has done `step` statements and commits.

    Yields a list that is empty unless that happened. Whatever was under way is rolled back, as
    the server does when its client is gone.
    """
    happened = []
    done = 0

    def kill(*_):
        nonlocal done
        if done == step:
            happened.append(step)
            raise Killed
        done += 1

    names = ("before_cursor_execute", "commit")
    for name in names:
        event.listen(connection, name, kill)
    try:
        yield happened
    except Killed:
        pass
    finally:
        for name in names:
            event.remove(connection, name, kill)
        connection.rollback()
