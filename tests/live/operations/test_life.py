"""A server that is killed in the middle; its log; what watching took; the stored record."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial

import pytest
from live.operations.conftest import EVERY_S, PATIENT_S, run_all, until, update
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from harness.cli.operations import _status
from harness.engines import ENGINES, Profile
from harness.errors import ServerError, UsageError
from harness.operations import Monitor
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose, start
from harness.servers.options import ServerOptions
from harness.servers.server import Inspectable, Killable, Server

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def lenders() -> Iterator[dict[str, Server]]:
    """Servers of their own for the tests of this file, which stop and kill them."""
    with ExitStack() as stack:
        options = ServerOptions.from_environment()

        class Started(dict):
            def __missing__(self, name: str) -> Server:
                offer = choose(ENGINES[name], options)
                settings = offer.engine.monitoring.all_deadlocks
                begun = start(offer, Profile.DURABLE, settings=settings, options=options)
                self[name] = stack.enter_context(begun)
                return self[name]

        yield Started()


@pytest.fixture
def lender(lenders, live_engine, live_server) -> Server:
    server = lenders[live_engine]
    if not isinstance(server, Killable):
        pytest.skip(f"{live_engine}: its process is not ours to kill")
    return server


def test_a_killed_server_is_told_and_its_return_too(live_engine, lender) -> None:
    server, engine = lender, lender.engine
    with ExitStack() as stack:
        stack.callback(server.restart)
        with Monitor(engine, server.url(), server, EVERY_S) as monitor:
            until(lambda: monitor.report().cost.samples > 2, "three samples")
            server.kill()
            until(lambda: not monitor.report().alive, "its death to be seen")
            dead = monitor.report()
            server.restart()
            until(lambda: monitor.report().alive, "its return to be seen")
            until(monitor.latest, "figures again")
        report = monitor.report()
        with Monitor(engine, server.url(), server, EVERY_S) as monitor:
            server.kill()
        assert monitor.report().spells[-1].state == "gone"
        with pytest.raises(ServerError, match="does not answer"):
            Monitor(engine, server.url(), server).__enter__()
    assert [spell.state for spell in dead.spells] == ["answers", "gone"]
    assert dead.spells[1].words
    assert dead.spells[1].from_s > dead.spells[0].from_s == 0
    assert [spell.state for spell in report.spells][-1] == "answers"
    assert any("is gone" in line for line in report.lines())
    assert report.figures["connections"].available
    if live_engine != "postgresql":
        assert report.figures["binary_log_bytes"].available


def test_every_deadlock_between_two_samples_is_told(live_engine, lender) -> None:
    """InnoDB's status keeps only the newest: the others are in the log, if they are asked for."""
    engine = lender.engine
    with fresh_database(lender) as url:
        database = create_engine(url, connect_args=dict(engine.connect_arguments))
        with database.begin() as connection:
            connection.execute(text("create table account (id int primary key, balance int)"))
            for number in range(1, 7):
                connection.execute(text(f"insert into account values ({number}, 0)"))

        def crosswise(first: int, second: int, meet: threading.Barrier) -> None:
            with database.connect() as connection:
                update(connection, first)
                meet.wait(PATIENT_S)
                update(connection, second)
                connection.commit()

        with Monitor(engine, url, lender, every_s=5) as monitor:
            for pair in ((1, 2), (3, 4), (5, 6)):
                meet = threading.Barrier(2)
                run_all(*(partial(crosswise, a, b, meet) for a, b in (pair, pair[::-1])))
        database.dispose()
    report = monitor.report()
    assert report.cost.samples == 2
    assert len(report.deadlocks) == 3
    assert report.unseen_deadlocks() == 0
    for deadlock in report.deadlocks:
        assert len(deadlock.members) == 2
        assert all("update account" in member.statement for member in deadlock.members)


def test_a_server_that_is_stopped_is_silent_and_answers_again(live_engine, lender) -> None:
    """It neither died nor answers: a driver may wait for it without an end."""
    server = lender
    with Monitor(server.engine, server.url(), server, EVERY_S) as monitor:
        until(lambda: monitor.report().cost.samples > 2, "two samples")
        server.pause()
        try:
            until(lambda: not monitor.report().alive, "its silence to be seen")
            assert monitor.report().spells[-1].state == "silent"
        finally:
            server.resume()
        until(lambda: monitor.report().alive, "its answer")
    assert [spell.state for spell in monitor.report().spells] == ["answers", "silent", "answers"]
    with Monitor(server.engine, server.url(), server, EVERY_S) as monitor:
        server.pause()
    try:
        assert not monitor.report().alive
    finally:
        server.resume()


def log_something(watched) -> None:
    """An entry of severity error in the server's own log."""
    kind = watched.database.kind
    with watched.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if kind == "postgresql":
            with suppress(DBAPIError):
                connection.execute(text("create role guest password 'pass-word' nonsense"))
            return
        connection.execute(text("set global event_scheduler = on"))
        connection.execute(
            text(
                "create event failing on schedule at now() do "
                "signal sqlstate '45000' set message_text = 'password=pass-word'"
            )
        )


def test_an_error_in_the_server_s_log_is_told_without_a_password(watched) -> None:
    if not isinstance(watched.database.server, Inspectable):
        pytest.skip("a given server's log is out of reach")
    assert watched.monitor.report().log.counts["error"] == 0
    log_something(watched)
    until(lambda: watched.monitor.report().log.counts["error"], "the error's entry")
    if watched.database.kind != "postgresql":
        with watched.engine.begin() as connection:
            connection.execute(text("set global event_scheduler = default"))
    report = watched.monitor.report()
    (line,) = [line for line in report.log.lines if line.severity == "error"][:1]
    assert line.at is not None
    stored = json.dumps(report.document())
    assert "pass-word" not in stored
    assert watched.database.url.password not in stored


def test_the_record_has_everything_and_what_watching_took(watched) -> None:
    until(lambda: watched.monitor.report().cost.samples > 3, "four samples")
    report = watched.monitor.report()
    stored = json.loads(json.dumps(report.document()))
    assert stored["engine"] == watched.database.kind
    assert stored["version"] == watched.database.target.version
    cost = stored["cost"]
    assert cost["samples"] == report.cost.samples
    assert 0 < cost["per_sample_s"] <= cost["longest_s"]
    assert 0 < cost["share"] < 1
    connections = stored["figures"]["connections"]
    assert connections["low"] <= connections["mean"] <= connections["high"]
    assert len(stored["points"]["connections"]) == connections["samples"]
    assert any(line.startswith("watching: ") for line in report.lines())


def test_a_run_that_fails_is_watched_to_its_end_and_fails_as_it_would(database, account) -> None:
    target = database.target
    with (
        pytest.raises(ZeroDivisionError),
        Monitor(target.engine, target.url, database.server, EVERY_S) as monitor,
    ):
        raise ZeroDivisionError
    assert monitor.report().cost.samples >= 2, "at the beginning and at the end, if not between"
    assert monitor.report().alive


def test_samples_that_are_too_close_are_refused(database) -> None:
    target = database.target
    with pytest.raises(UsageError, match="too short"):
        Monitor(target.engine, target.url, None, 0.1)


def test_a_monitor_that_fails_itself_does_not_report_that_all_was_well(
    watched, monkeypatch
) -> None:
    def break_down(**_asked):
        raise ZeroDivisionError("nothing to divide by")

    until(lambda: watched.monitor.report().cost.samples > 1, "two samples")
    assert watched.monitor.report().alive
    monkeypatch.setattr(watched.monitor._log, "read", break_down)
    until(lambda: not watched.monitor.report().alive, "its end to be told")
    report = watched.monitor.report()
    assert [spell.state for spell in report.spells] == ["answers", "unwatched"]
    words = "the monitor itself failed: ZeroDivisionError: nothing to divide by"
    assert report.spells[1].words == words
    assert any(words in line for line in report.lines())
    assert _status(report) == 2
