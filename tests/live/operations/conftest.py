"""One table, a monitor on it, and programs that meet there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, text
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError

from harness.clock import Deadline, poll
from harness.operations import Monitor, Report

EVERY_S = 0.25
PATIENT_S = 30.0


def until(done: Callable[[], object], what: str) -> None:
    """Ask again and again until it is so."""
    for _ in poll(Deadline.after(PATIENT_S), what, 0.05):
        if done():
            return


@dataclass
class Watched:
    """A database with a table `account`, watched."""

    database: object
    monitor: Monitor
    reports: list[Report] = field(default_factory=list)

    @property
    def engine(self) -> Database:
        return self.database.engine

    @contextmanager
    def program(self, name: str) -> Iterator[Connection]:
        """A connection that runs a program of that name."""
        with self.engine.connect() as connection:
            query = text(self.database.target.engine.session_query)
            self.monitor.register(connection.scalar(query), name)
            connection.rollback()
            yield connection

    def figure(self, name: str):
        return self.monitor.report().figures[name]

    def grown(self, name: str) -> float:
        """How much a counter grew; 0 as long as there is one sample only."""
        return self.figure(name).total or 0.0


def update(connection: Connection, number: int) -> None:
    query = text("update account set balance = balance + 1 where id = :id")
    connection.execute(query, {"id": number})


def run_all(*works: Callable[[], object]) -> None:
    """At the same time, to the end; what a server refuses ends one of them."""

    def safely(work):
        try:
            work()
        except DBAPIError:
            pass

    threads = [threading.Thread(target=safely, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENT_S)
        assert not thread.is_alive()


@pytest.fixture
def account(database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("create table account (id int primary key, balance int not null)"))
        connection.execute(text("insert into account values (1, 100), (2, 100)"))
        connection.execute(text("create table note (id int primary key, words text)"))


@pytest.fixture
def watched(database, account) -> Iterator[Watched]:
    target = database.target
    with Monitor(target.engine, target.url, database.server, EVERY_S) as monitor:
        yield Watched(database, monitor)
