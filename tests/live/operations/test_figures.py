"""Every figure is seen to move, on every engine that has it; one that has it not says so."""

from collections.abc import Iterator

import pytest
from live.operations.conftest import EVERY_S, until, update
from sqlalchemy import text

from harness.engines.monitoring import FIGURES
from harness.operations import Monitor

pytestmark = pytest.mark.integration

NOT_THERE = {
    "mysql": set(),
    "mariadb": set(),
    "postgresql": {"binary_log_bytes", "row_lock_waits", "row_lock_wait_s"},
}
OFF_HERE = {name: {"binary_log_bytes", "checkpoints"} for name in ("mysql", "mariadb")}


def test_a_figure_has_a_value_or_a_sentence_and_never_a_0_instead(watched) -> None:
    watched.engine.connect().close()
    until(lambda: watched.figure("connections").samples > 2, "three samples")
    figures = watched.monitor.report().figures
    assert set(figures) == set(FIGURES)
    kind = watched.database.kind
    missing = {name for name, found in figures.items() if not found.available}
    assert missing - {"buffer_hits"} == NOT_THERE[kind] | OFF_HERE.get(kind, set())
    for name in missing:
        assert figures[name].low is None
        assert len(figures[name].missing.split()) > 3
    assert figures["disk_bytes"].last > 100_000
    assert figures["log_disk_bytes"].last > 100_000


def test_connections_that_come_and_go(watched) -> None:
    watched.engine.dispose()
    held = [watched.engine.connect() for _ in range(3)]
    until(lambda: watched.figure("connections").last >= 3, "three connections")
    for connection in held:
        connection.close()
    watched.engine.dispose()
    until(lambda: watched.figure("connections").last < 3, "their end")
    found = watched.figure("connections")
    assert found.high >= 3 > found.low


def test_the_longest_transaction_grows_and_ends(watched) -> None:
    with watched.program("slow") as connection:
        update(connection, 1)
        until(lambda: watched.figure("longest_transaction_s").last >= 1, "a second in it")
        connection.rollback()
    until(lambda: watched.figure("longest_transaction_s").last < 1, "its end")


def test_log_bytes_of_an_insert_are_counted_and_of_nothing_are_not(watched) -> None:
    rows = [{"id": number, "words": "x" * 1000} for number in range(300)]
    with watched.engine.begin() as connection:
        connection.execute(text("insert into note values (:id, :words)"), rows)
    until(lambda: watched.grown("log_bytes") > 300_000, "300 rows of 1 kB")
    samples = watched.figure("log_bytes").samples
    until(lambda: watched.figure("log_bytes").samples > samples + 2, "samples without work")
    found = watched.figure("log_bytes")
    assert found.high > found.low >= 0
    assert found.last < 300_000
    assert found.unit == "bytes/s"


CHECKPOINT = {
    "postgresql": ["checkpoint"],
    "mariadb": ["set global innodb_log_checkpoint_now = on"],
    # It has no statement for it: without dirty pages the next of its small steps goes to the end.
    "mysql": [
        "set global innodb_max_dirty_pages_pct_lwm = 0",
        "set global innodb_max_dirty_pages_pct = 0",
    ],
}
COUNTED = "set global innodb_monitor_enable = 'log_checkpoints'"
AS_BEFORE = [
    "set global innodb_max_dirty_pages_pct = default",
    "set global innodb_max_dirty_pages_pct_lwm = default",
    "set global innodb_monitor_disable = 'log_checkpoints'",
]


def execute(database, *statements: str) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def checkpoints_counted(database) -> Iterator[None]:
    """One family counts them only if it is told to."""
    if database.kind == "postgresql":
        yield
        return
    execute(database, COUNTED)
    yield
    execute(database, *AS_BEFORE)


def test_a_checkpoint_is_seen_and_the_log_since_it_shrinks(checkpoints_counted, watched) -> None:
    rows = [{"id": number, "words": "x" * 1000} for number in range(300)]
    with watched.engine.begin() as connection:
        connection.execute(text("insert into note values (:id, :words)"), rows)
    until(lambda: watched.grown("log_bytes") > 300_000, "log to be passed")
    execute(watched.database, *CHECKPOINT[watched.database.kind])
    until(lambda: watched.grown("checkpointed_bytes") > 300_000, "the log passed")
    until(lambda: watched.grown("checkpoints") >= 1, "a checkpoint counted")
    age = watched.figure("checkpoint_age_bytes")
    assert age.low < 300_000


def test_pages_that_are_asked_for_are_counted_and_nearly_all_are_hits(watched) -> None:
    def seen() -> bool:
        with watched.engine.connect() as connection:
            for number in range(200):
                connection.execute(text(f"select balance from account where id = {number}"))
        requests, hits = watched.figure("buffer_requests"), watched.figure("buffer_hits")
        return requests.available and requests.total > 300 and hits.available

    until(seen, "pages asked of the buffer")
    found = watched.figure("buffer_hits")
    assert 0 <= found.low <= found.mean <= found.high <= 1
    assert found.mean > 0.5


def test_a_statement_under_way_is_seen_running(watched) -> None:
    dialect = watched.engine.dialect.name
    sleep = "select pg_sleep(1.5)" if dialect == "postgresql" else "select sleep(1.5)"
    with watched.program("sleeper") as connection:
        connection.execute(text(sleep))
    found = watched.figure("running")
    assert found.high >= 1
    assert found.low == 0


@pytest.mark.engines("postgresql", "mysql")
def test_what_a_user_may_not_see_is_told_as_not_available(database, account) -> None:
    """No number is made of what the server keeps to itself."""
    target = database.target
    create = "create user harness_guest identified by 'guest-word'"
    if database.kind == "postgresql":
        create = "create user harness_guest password 'guest-word'"
    with database.engine.begin() as connection:
        connection.execute(text(create))
    url = target.url.set(username="harness_guest", password="guest-word")
    if database.kind == "mysql":
        url = url._replace(database=None)
    try:
        with (
            Monitor(target.engine, url, None, EVERY_S) as monitor,
            database.engine.connect() as connection,
        ):
            update(connection, 1)
            until(lambda: monitor.report().cost.samples > 2, "three samples")
        report = monitor.report()
    finally:
        with database.engine.begin() as connection:
            connection.execute(text("drop user harness_guest"))
    for name in ("longest_transaction_s", "lock_waits"):
        assert not report.figures[name].available
        assert "may not" in report.figures[name].missing or "denied" in report.figures[name].missing
    assert report.figures["connections"].available
    assert report.alive
    assert "out of reach" in report.log.missing
