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
        (
            "mysql",
            "mysql-9.7-recovery.txt",
            LoggedRecovery(0.36827, 0.248216, 0.642732, 0.004234, 0.000001),
        ),
        ("mariadb", "mariadb-11.8-recovery.txt", LoggedRecovery(1.0, 0.0, 4.0, 0.0, 1.0)),
        ("postgresql", "postgresql-18-recovery.txt", LoggedRecovery(0.063, 0.451, 0.201)),
    ],
)
def test_the_parts_of_a_start_are_read(engine, report, expected):
    assert told(engine, of(report)) == expected


def test_mariadb_s_hours_before_ten_have_one_digit_and_two_blanks():
    at_night = of("mariadb-11.8-recovery.txt").replace(" 16:5", "  9:5").replace(" 17:0", " 10:0")
    assert "\n2026-11-21  9:57:57 0 [Note]" in at_night
    assert told("mariadb", at_night) == told("mariadb", of("mariadb-11.8-recovery.txt"))


@pytest.mark.parametrize("engine", list(ENGINES))
def test_log_that_tells_nothing_gives_nothing(engine):
    read = told(engine, "2026-11-21 the server has nothing to say\n")
    assert (read.before_s, read.replay_s, read.after_s, read.undo_s) == (None,) * 4


def test_recovery_that_has_not_ended_is_not_measured():
    text = of("mysql-9.7-recovery.txt").partition("Log background threads")[0]
    assert told("mysql", text).replay_s is None
    text = of("postgresql-18-recovery.txt").partition("redo done")[0]
    assert told("postgresql", text).replay_s is None


@pytest.mark.parametrize(
    ("engine", "report", "opened"),
    [
        ("mysql", "mysql-9.7-recovery.txt", "ready for connections"),
        ("mariadb", "mariadb-11.8-recovery.txt", "mariadbd: ready for connections"),
        ("postgresql", "postgresql-18-recovery.txt", "database system is ready"),
    ],
)
def test_server_that_has_not_opened_has_no_time_of_opening(engine, report, opened):
    lines = of(report).splitlines(keepends=True)
    last = next(number for number, line in enumerate(lines) if opened in line)
    read = told(engine, "".join(lines[:last]))
    assert read.replay_s is not None
    assert read.after_s is None
