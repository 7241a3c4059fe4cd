"""What cannot work says why on stderr, with a hint; nothing looks like a result, nothing stays."""

import os
import socket

import pytest
from sqlalchemy import text

pytestmark = [pytest.mark.integration, pytest.mark.engines("postgresql")]

PROGRAMS = ("bank:withdraw", "bank:withdraw")
CELL = ("--engine", "postgresql", "--isolation", "read-committed")
BANK = ("explore", *PROGRAMS, "--setup", "bank:setup", *CELL)

ODD = """
from sqlalchemy import text


def no_table(connection):
    pass


def wrong_statement(connection):
    connection.execute(text("create table account (id int, balance coins)"))


def forgets(connection):
    raise KeyError("account")
"""


def assert_failed(said, status: int, *lines: str) -> None:
    """Exactly these lines on stderr, nothing on stdout."""
    assert (said.err.splitlines(), said.out, said.status) == (list(lines), "", status)


@pytest.fixture
def odd(here):
    (here.folder / "odd.py").write_text(ODD)
    return here


@pytest.mark.parametrize(
    ("setup", "message", "hint"),
    [
        ("no_table", "the setup made no table", "create the tables and rows in it"),
        (
            "wrong_statement",
            'the setup raised ProgrammingError: type "coins" does not exist (odd.py, line 10)',
            "does it run by itself on an empty database?",
        ),
        (
            "forgets",
            "the setup raised KeyError: 'account' (odd.py, line 14)",
            "does it run by itself on an empty database?",
        ),
    ],
    ids=["makes-no-table", "wrong-statement", "raises"],
)
def test_a_setup_that_does_not_work(odd, database, setup, message, hint) -> None:
    said = odd("explore", "odd:no_table", "odd:no_table", "--setup", f"odd:{setup}", *CELL)
    assert_failed(said, 2, f"PostgreSQL: {message}", f"  hint: {hint}")


def test_a_given_database_that_is_somebody_s_is_left_as_it_was(bank, database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("create table customer (name varchar(20))"))
        connection.execute(text("insert into customer values ('somebody')"))
    said = bank(*BANK)
    assert (said.status, said.out) == (64, "")
    assert "customer" in said.err
    assert "  hint: " in said.err
    with database.engine.connect() as connection:
        assert connection.scalar(text("select name from customer")) == "somebody"


def test_a_given_server_that_does_not_let_us_in(bank, database) -> None:
    wrong = database.url.set(password="guessed").render_as_string(hide_password=False)
    said = bank(*BANK, HARNESS_SERVER=wrong)
    assert (said.status, said.out) == (64, "")
    assert "user 'postgres' cannot log in" in said.err
    assert "guessed" not in said.err


def test_a_given_database_that_may_only_be_read(bank, database) -> None:
    name = database.url.database
    with database.engine.begin() as connection:
        connection.execute(text(f"alter database {name} set default_transaction_read_only = on"))
    said = bank(*BANK)
    assert (said.status, said.out) == (64, "")
    assert "default_transaction_read_only is on" in said.err
    assert "  hint: " in said.err


def test_a_given_database_is_empty_again_whatever_the_end(bank, database) -> None:
    assert bank(*BANK).status == 1
    assert bank(*BANK, "--schedule", "T1 T1").status == 2
    with database.engine.connect() as connection:
        tables = "select count(*) from information_schema.tables where table_schema = 'public'"
        assert connection.scalar(text(tables)) == 0


def test_a_schedule_that_is_too_short_says_who_can_still_move(bank, database) -> None:
    assert_failed(
        bank(*BANK, "--schedule", "T1 T1"),
        2,
        "schedule 'T1 T1' ended after turn 2, but {T1, T2} can still move",
        "  hint: add their turns, or was it recorded with other programs?",
    )


def test_a_schedule_that_is_too_long_says_what_is_left(bank, database) -> None:
    assert_failed(
        bank(*BANK, "--schedule", "T1 T1 T1 T2 T2 T2"),
        2,
        "schedule 'T1 T1 T1 T2 T2 T2' diverged at turn 6: recorded 1 more turn, now movable {}",
        "  hint: was it recorded with the same programs, engine, version and isolation level?",
    )


# -- no server of the test's is needed --------------------------------------------------------


def test_an_image_that_cannot_be_had(harness) -> None:
    said = harness("reproduce", "problem-2", *CELL, "--image", "postgresql=no-such-image:1")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("PostgreSQL: ")
    assert "  hint: " in said.err
    assert "Traceback" not in said.err


def test_docker_that_does_not_run(harness) -> None:
    said = harness(
        *("reproduce", "problem-2", "--source", "docker", *CELL),
        DOCKER_HOST="unix:///nonexistent/docker.sock",
    )
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("PostgreSQL: Docker: no engine answers")
    assert "\n  hint: is it installed and running? `docker info` tells;" in said.err


@pytest.mark.skipif(os.geteuid() == 0, reason="to root no socket is forbidden")
def test_docker_that_is_forbidden(harness, tmp_path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0)
        said = harness(
            *("reproduce", "problem-2", "--source", "docker", *CELL), DOCKER_HOST=f"unix://{path}"
        )
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("PostgreSQL: Docker: its socket is forbidden to this user")
    assert "  hint: become a member of the group 'docker', and log in again" in said.err


def test_a_port_that_nobody_listens_on(harness) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    said = harness(
        *("reproduce", "problem-2", *CELL),
        *("--server", f"postgresql://me:secret@127.0.0.1:{port}/bank"),
    )
    assert (said.out, said.err.splitlines()[0]) == (
        "",
        f"PostgreSQL: given server 127.0.0.1:{port}: connection refused",
    )
    assert said.status in {2, 64}
    assert "secret" not in said.err


def test_a_port_that_is_taken(harness, live_server) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        said = harness("reproduce", "problem-2", *CELL, "--port", str(port))
    assert (said.status, said.out) == (2, "")
    assert f"port {port} is taken" in said.err
    assert "  hint: does another server listen there? `ss -ltnp` shows it" in said.err
