"""Engines without an answer: which errors are noted, what is told, which status they make."""

import io

import psycopg
import pytest
from rich.console import Console
from sqlalchemy.exc import OperationalError

from harness.checks.verdict import Verdict
from harness.cli.missing import Missing, NotRun
from harness.engines import ENGINES
from harness.errors import (
    DeadlineExceeded,
    HarnessError,
    ProgramMisbehaved,
    ServerError,
    SourceUnavailable,
    UsageError,
)

POSTGRESQL, MYSQL = ENGINES["postgresql"], ENGINES["mysql"]
NO_DOCKER = SourceUnavailable("postgresql: no server to be had here", "is Docker running?")
NO_START = ServerError("postgresql (docker postgres:18): exit status 1")


def missing(*errors: HarnessError, engines_named: bool = False) -> Missing:
    return Missing(engines_named, [NotRun(POSTGRESQL, error) for error in errors])


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NO_DOCKER, NO_DOCKER.explain()),
        (ProgramMisbehaved("T1: second connection"), "PostgreSQL: T1: second connection"),
        (DeadlineExceeded("T1: not in time"), "PostgreSQL: T1: not in time"),
        (
            OperationalError("s", {}, POSTGRESQL.driver_error("no such table\nsecret")),
            "postgresql: the server refused what the harness asked: no such table",
        ),
        (
            psycopg.OperationalError("server closed the connection"),
            "postgresql: the server is gone, or ended the connection: server closed the connection",
        ),
    ],
    ids=["not-to-be-had", "misbehaved", "late", "through-sqlalchemy", "driver's-own"],
)
def test_an_engine_without_an_answer_is_noted_and_the_next_has_its_turn(error, text) -> None:
    found, asked = Missing(engines_named=False), []
    for engine in (POSTGRESQL, MYSQL):
        with found.noted(engine):
            if engine is POSTGRESQL:
                raise error
            asked.append(engine)
    assert asked == [MYSQL]
    assert found.explained() == [text]


@pytest.mark.parametrize(
    "error",
    [UsageError("--scale: too big"), AssertionError("ours"), MYSQL.driver_error(2013, "gone")],
    ids=["wrong-usage", "a-bug", "another-engine's-driver"],
)
def test_what_is_no_answer_of_this_engine_goes_on_its_way(error) -> None:
    found = Missing(engines_named=False)
    with pytest.raises(type(error)), found.noted(POSTGRESQL):
        raise error
    assert not found.not_run


@pytest.mark.parametrize(
    ("verdicts", "absent", "status"),
    [
        ([Verdict.HOLDS], missing(), 0),
        ([Verdict.HOLDS, Verdict.UNKNOWN, Verdict.VIOLATED], missing(), 1),
        ([Verdict.HOLDS, Verdict.UNKNOWN], missing(), 2),
        ([], missing(), 2),
        ([Verdict.HOLDS], missing(NO_DOCKER), 0),
        ([Verdict.HOLDS], missing(NO_DOCKER, engines_named=True), 2),
        ([Verdict.HOLDS], missing(NO_START), 2),
        ([Verdict.VIOLATED], missing(NO_START), 1),
        ([], missing(NO_DOCKER), 2),
        ([], missing(DeadlineExceeded("late"), NO_DOCKER), 2),
    ],
    ids=[
        *("holds", "violated-is-worst", "unknown-is-never-fine", "no-evidence-is-unknown"),
        *("unnamed-engine-missing", "named-engine-missing", "engine-did-not-start"),
        *("violated-whoever-is-missing", "nothing-to-be-had", "nothing-in-time"),
    ],
)
def test_the_exit_status(verdicts, absent, status) -> None:
    assert absent.status(iter(verdicts)) == status


def printed(absent: Missing) -> str:
    text = io.StringIO()
    absent.print_beside(Console(file=text, markup=False, soft_wrap=True))
    return text.getvalue()


def test_a_hint_that_helps_several_engines_is_said_once_and_kept_with_each() -> None:
    shared = "is Docker running?"
    absent = Missing(
        engines_named=False,
        not_run=[
            NotRun(MYSQL, SourceUnavailable("mysql: no server", shared, "apt install it")),
            NotRun(POSTGRESQL, SourceUnavailable("postgresql: no server", shared)),
        ],
    )
    assert printed(absent) == (
        "not run: mysql: no server\n"
        "  hint: is Docker running?\n"
        "  hint: apt install it\n"
        "not run: postgresql: no server\n"
    )
    assert absent.explained()[1] == "postgresql: no server\n  hint: is Docker running?"


def test_a_hint_calls_the_harness_as_its_reader_did(monkeypatch) -> None:
    monkeypatch.setenv("HARNESS_COMMAND", "./run")
    error = ServerError("postgresql: 'my harness data' is empty", "`harness data load` fills it")
    assert missing(error).explained() == [
        "postgresql: 'my harness data' is empty\n  hint: `./run data load` fills it"
    ]


def test_where_nothing_was_found_the_reasons_are_no_results(capsys) -> None:
    missing(NO_START).print_alone()
    assert capsys.readouterr() == ("", f"{NO_START.message}\n")
