"""What a server's own log says of its recovery: logs as the servers wrote them after a kill."""

from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.engines.crash import LoggedRecovery

REPORTS = Path(__file__).with_name("reports")


def told(engine, text):
    return ENGINES[engine].crash.read_log(text)


def of(report):
    return (REPORTS / report).read_text("utf-8")


@pytest.mark.parametrize(
    ("engine", "report", "expected"),
    [
        ("mysql", "mysql-9.7-recovery.txt", LoggedRecovery(0.36827, 0.004234, 0.000001)),
        ("mariadb", "mariadb-11.8-recovery.txt", LoggedRecovery(1.0, 0.0, 1.0)),
        ("postgresql", "postgresql-18-recovery.txt", LoggedRecovery(0.063)),
    ],
)
def test_replay_and_undo_are_read(engine, report, expected):
    assert told(engine, of(report)) == expected


@pytest.mark.parametrize("engine", list(ENGINES))
def test_log_that_tells_nothing_gives_nothing(engine):
    read = told(engine, "2026-11-21 the server has nothing to say\n")
    assert (read.replay_s, read.undo_s) == (None, None)


def test_recovery_that_has_not_ended_is_not_measured():
    text = of("mysql-9.7-recovery.txt").partition("Log background threads")[0]
    assert told("mysql", text).replay_s is None
    text = of("postgresql-18-recovery.txt").partition("redo done")[0]
    assert told("postgresql", text).replay_s is None
