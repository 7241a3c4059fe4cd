"""A job that waits for another's lock is seen to."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from harness.clock import Deadline, poll
from harness.engines import ENGINES
from harness.jobs.waits import WaitWatch

pytestmark = pytest.mark.integration


def test_who_waits_for_whom_is_seen_while_it_lasts(database):
    engine = ENGINES[database.kind]
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE one (id INT PRIMARY KEY, n INT)"))
        connection.execute(text("INSERT INTO one VALUES (1, 0)"))

    def update(connection):
        connection.execute(text("UPDATE one SET n = n + 1 WHERE id = 1"))

    def second():
        with database.engine.connect() as connection:
            watch.begin("second", session_of(connection))
            update(connection)
            connection.commit()
            watch.end("second")

    def session_of(connection):
        return int(connection.execute(text(engine.session_query)).scalar_one())

    with WaitWatch(engine, database.url) as watch, database.engine.connect() as first:
        watch.begin("first", session_of(first))
        update(first)
        thread = threading.Thread(target=second)
        thread.start()
        for _ in poll(Deadline.after(30), "a wait of the second"):
            if watch.waits:
                break
        first.commit()
        thread.join()
        assert watch.blind == ""
    assert [(wait.waiter, wait.blockers) for wait in watch.waits] == [("second", ("first",))]


def test_a_server_that_is_not_there_leaves_it_blind(database):
    with WaitWatch(ENGINES[database.kind], database.url.set(port=1)) as watch:
        pass
    assert watch.waits == []
