"""Who stops an exploration gets the terminal back at once, and a machine as it was."""

import json
import os
import signal

import pytest
from sqlalchemy import inspect

from harness.clock import Deadline, now_s, poll

pytestmark = pytest.mark.integration

BUSY = """
import pathlib

from sqlalchemy import text


def setup(connection):
    connection.execute(text("create table account (id int primary key, balance int not null)"))
    connection.execute(text("insert into account values (1, 100), (2, 100), (3, 100)"))


def transfer(connection):
    pathlib.Path("begun").touch()
    for number in (1, 2, 3):
        change = "update account set balance = balance + 1 where id = :number"
        connection.execute(text(change), {"number": number})
    connection.commit()
    connection.scalar(text("select sum(balance) from account"))
    connection.commit()


def computes(connection):
    connection.scalar(text("select sum(balance) from account"))
    pathlib.Path("begun").touch()
    while True:
        pass
"""


def begun(harness, *words):
    """An exploration that is under way."""
    (harness.folder / "busy.py").write_text(BUSY)
    process = harness.start(*words)
    for _ in poll(Deadline.after(120), "begin of the exploration"):
        if (harness.folder / "begun").exists():
            return process
        assert process.poll() is None, process.communicate()
    raise AssertionError


@pytest.mark.parametrize(
    ("program", "number", "status", "workers"),
    [
        ("transfer", signal.SIGINT, 130, ()),
        ("computes", signal.SIGTERM, 143, ()),
        ("transfer", signal.SIGINT, 130, ("--no-reduction", "--workers", "2")),
        ("computes", signal.SIGTERM, 143, ("--no-reduction", "--workers", "2")),
    ],
    ids=["ctrl-c", "SIGTERM-while-a-program-computes", "ctrl-c-workers", "SIGTERM-workers"],
)
@pytest.mark.engines("postgresql", "mysql")
def test_an_interrupted_exploration_leaves_nothing(
    harness, live_engine, live_server, number, status, program, workers
) -> None:
    """A server of our own: `live_server` only tells whether this engine can be had."""
    result = harness.folder / "result.json"
    result.write_text('{"cells": ["of the last run"]}')
    process = begun(
        *(harness, "explore", f"busy:{program}", "busy:transfer", "busy:transfer"),
        *("--setup", "busy:setup", "--engine", live_engine, "--isolation", "repeatable-read"),
        *("--step-deadline", "60", "--json", str(result), *workers),
    )
    start = now_s()
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert now_s() - start < 10
    assert (process.returncode, out) == (status, ""), err
    assert "Traceback" not in err
    assert harness.remains() == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # nobody of its group is left
    assert json.loads(result.read_text("utf-8")) == {"cells": ["of the last run"]}
    assert list(harness.folder.glob(".*")) == []


@pytest.mark.engines("postgresql")
def test_an_interrupted_exploration_empties_a_given_database(here, database) -> None:
    words = ("--setup", "busy:setup", "--engine", database.kind)
    process = begun(here, "explore", "busy:transfer", "busy:transfer", "busy:transfer", *words)
    os.killpg(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert "Traceback" not in err
    assert inspect(database.engine).get_table_names() == []
