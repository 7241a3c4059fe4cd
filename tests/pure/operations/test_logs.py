"""The error logs of the engines, taken apart, and followed as they grow."""

from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.operations.server_log import ServerLog

REPORTS = Path(__file__).parents[1] / "engines" / "reports"
MYSQL = """\
2026-11-20 10:00:00+00:00 [Note] [Entrypoint]: said before the server
2026-11-20T10:00:01.000001Z 0 [System] [MY-010116] [Server] mysqld (mysqld 9.7.4) starting
2026-11-20T10:00:02.000001Z 0 [Warning] [MY-010068] [Server] CA certificate is self signed.
2026-11-20T10:00:03.000001Z 8 [ERROR] [MY-010045] [Server] Event Scheduler: no such table
and a second line
2026-11-20T10:00:04.000001Z 0 [ERROR] [MY-010119] [Server] Aborting
"""
MARIADB = """\
2026-11-20 10:00:01 0 [Note] Starting MariaDB 11.8.6 as process 1
2026-11-20 10:00:02 0 [Warning] You need to use --log-bin to make --expire-logs-days work.
2026-11-20  9:00:03 8 [ERROR] Event Scheduler: no such table
and a second line
2026-11-20 10:00:04 0 [ERROR] Aborting
"""
POSTGRESQL = """\
PostgreSQL init process complete; ready for start up.
2026-11-20 10:00:01.001 UTC [1] LOG:  database system is ready to accept connections
2026-11-20 10:00:02.001 UTC [70] WARNING:  there is no transaction in progress
2026-11-20 10:00:03.001 UTC [71] ERROR:  relation "t" does not exist at character 15
2026-11-20 10:00:03.001 UTC [71] STATEMENT:  select * from
\tt
2026-11-20 10:00:04.001 UTC [72] FATAL:  role "nobody" does not exist
"""
DEADLOCK = """\
2026-11-20 10:00:03.250 UTC [71] ERROR:  deadlock detected
2026-11-20 10:00:03.250 UTC [71] DETAIL:  Process 71 waits for ShareLock on transaction 9; \
blocked by process 70.
\tProcess 70 waits for ShareLock on transaction 8; blocked by process 71.
\tProcess 71: update b set x = 2
\tProcess 70: update a set x = 1
2026-11-20 10:00:03.250 UTC [71] HINT:  See server log for query details.
2026-11-20 10:00:03.250 UTC [71] CONTEXT:  while updating tuple (0,1) in relation "b"
2026-11-20 10:00:03.250 UTC [71] STATEMENT:  update b set x = 2
"""


@pytest.mark.parametrize(
    ("engine", "text"), [("mysql", MYSQL), ("mariadb", MARIADB), ("postgresql", POSTGRESQL)]
)
def test_entries_have_severity_time_and_the_lines_that_belong_to_them(engine, text) -> None:
    lines, rest = ENGINES[engine].monitoring.read_log(text, ended=True)
    assert rest == ""
    assert [line.severity for line in lines] == ["note", "warning", "error", "fatal"]
    assert len(lines[2].text.splitlines()) == (3 if engine == "postgresql" else 2)
    assert lines[0].at == pytest.approx(1795168801, abs=0.01)


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_no_entry(engine) -> None:
    assert ENGINES[engine].monitoring.read_log("") == ([], "")


@pytest.mark.parametrize(
    ("engine", "text"), [("mysql", MYSQL), ("mariadb", MARIADB), ("postgresql", POSTGRESQL)]
)
def test_a_log_read_in_pieces_has_the_same_entries(engine, text) -> None:
    read_log = ENGINES[engine].monitoring.read_log
    found, rest = [], ""
    pieces = text.splitlines(keepends=True)
    for piece in pieces:
        lines, rest = read_log(rest + piece)
        found += lines
    found += read_log(rest, ended=True)[0]
    assert found == list(read_log(text, ended=True)[0])


def test_a_deadlock_in_the_log_is_told_with_cycle_victim_and_statements() -> None:
    monitoring = ENGINES["postgresql"].monitoring
    lines, _ = monitoring.read_log(POSTGRESQL + DEADLOCK, ended=True)
    (found,) = monitoring.deadlocks_in(lines)
    assert [member.connection for member in found.members] == [71, 70]
    assert found.victim == 71
    assert found.members[0].table == "b"
    assert [member.statement for member in found.members] == [
        "update b set x = 2",
        "update a set x = 1",
    ]
    assert found.at == pytest.approx(1795168803.25)


PRINTED = """\
2026-11-20 10:00:17 6 [Note] InnoDB: Transactions deadlock detected, dumping detailed information.
2026-11-20 10:00:17 6 [Note] InnoDB:
*** (1) TRANSACTION:

TRANSACTION 36, ACTIVE 0 sec starting index read
LOCK WAIT 3 lock struct(s), heap size 1120, 2 row lock(s), undo log entries 1
MariaDB thread id 6, OS thread handle 140008900335296, query id 89 172.17.0.1 root Updating
update a set b=b+1 where id=1
2026-11-20 10:00:17 6 [Note] InnoDB: *** WAITING FOR THIS LOCK TO BE GRANTED:

RECORD LOCKS space id 0 page no 50 n bits 320 index PRIMARY of table `bank`.`a` trx id 36 \
lock_mode X locks rec but not gap waiting
Record lock, heap no 2 PHYSICAL RECORD: n_fields 4; compact format; info bits 0

2026-11-20 10:00:17 6 [Note] InnoDB:
*** (2) TRANSACTION:

TRANSACTION 37, ACTIVE 0 sec starting index read
MariaDB thread id 7, OS thread handle 140008888575680, query id 88 172.17.0.1 root Updating
update a set b=b+1 where id=2
2026-11-20 10:00:17 6 [Note] InnoDB: *** WAITING FOR THIS LOCK TO BE GRANTED:

RECORD LOCKS space id 0 page no 50 n bits 320 index PRIMARY of table `bank`.`a` trx id 37 \
lock_mode X locks rec but not gap waiting

2026-11-20 10:00:17 6 [Note] InnoDB: *** WE ROLL BACK TRANSACTION (2)
"""


def test_a_deadlock_that_is_printed_in_several_entries_is_told_whole_or_not_at_all() -> None:
    monitoring = ENGINES["mariadb"].monitoring
    lines = list(monitoring.read_log(MARIADB + PRINTED + MARIADB, ended=True)[0])
    (found,) = monitoring.deadlocks_in(lines)
    assert [member.connection for member in found.members] == [6, 7]
    assert {member.table for member in found.members} == {"a"}
    assert [member.statement for member in found.members] == [
        "update a set b=b+1 where id=1",
        "update a set b=b+1 where id=2",
    ]
    assert (found.key, found.victim, found.at) == ("36 37", None, 1795168817.0)
    assert monitoring.deadlocks_in(lines[:-5]) == []
    assert monitoring.deadlocks_in(lines[6:]) == []


def test_what_the_other_server_prints_is_told_with_its_victim() -> None:
    """As captured with all_deadlocks on; blanks stand around its headings."""
    monitoring = ENGINES["mysql"].monitoring
    printed = REPORTS / "mysql-9.7-printed.txt"
    lines, _ = monitoring.read_log(printed.read_text(encoding="utf-8") + MYSQL, ended=True)
    (found,) = monitoring.deadlocks_in(lines)
    assert [member.connection for member in found.members] == [13, 12]
    assert [member.waits_for for member in found.members] == [
        "record lock X locks rec but not gap on a.PRIMARY"
    ] * 2
    assert found.victim == 12


class FileServer:
    """As much of a server as a log's reader asks for."""

    version, workplace = "18.6", "/nowhere"

    def __init__(self, path) -> None:
        self.log_path = path

    def log(self) -> str:
        raise AssertionError("the file is read, and only what is new of it")

    def run_tool(self, name: str, *arguments: str) -> str:
        raise AssertionError


SECRET = "s3cret-of-this-run"


@pytest.fixture
def followed(tmp_path):
    """A log that is followed from its second half on, and its file."""
    path = tmp_path / "server.log"
    path.write_text(POSTGRESQL, encoding="utf-8")
    engine = ENGINES["postgresql"]
    url = engine.url("127.0.0.1", 1, SECRET)
    return ServerLog(engine, url, FileServer(path)), path


def append(path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_only_what_comes_later_is_counted(followed) -> None:
    log, path = followed
    assert not log.read()
    append(path, DEADLOCK)
    assert not log.read(), "the entry may still go on"
    assert [line.word for line in log.read()] == ["ERROR"]
    append(path, DEADLOCK + POSTGRESQL)
    assert [line.word for line in log.read(ended=True)] == [
        *("ERROR", "ERROR", "LOG", "WARNING", "ERROR", "FATAL")
    ]
    assert log.report().counts == {"fatal": 1, "error": 3, "warning": 1, "note": 1}


def test_no_password_is_kept(followed) -> None:
    log, path = followed
    entry = '2026-11-20 10:00:03.001 UTC [71] ERROR:  syntax error at or near "x"\n'
    append(path, entry + f"\tALTER ROLE a PASSWORD 'other-word'; select '{SECRET}'\n")
    log.read(ended=True)
    (line,) = log.report().lines
    assert "syntax error" in line.text
    assert SECRET not in line.text
    assert "other-word" not in line.text


def test_a_server_whose_log_is_out_of_reach_is_not_told_as_silent() -> None:
    engine = ENGINES["postgresql"]
    log = ServerLog(engine, engine.url("127.0.0.1", 1, SECRET), None)
    assert log.read(ended=True) == []
    report = log.report()
    assert (report.counts, report.lines) == ({}, ())
    assert "out of reach" in report.missing
