"""`harness explore` on the example that a user copies, and on functions that go wrong."""

import json
import os
import pty
import re
from contextlib import suppress

import pytest
from live.cli.conftest import BANK

pytestmark = pytest.mark.integration

SETUP = ("--setup", "bank:setup")
LEVEL = ("--isolation", "read-committed")
one_engine = pytest.mark.engines("postgresql")  # nothing of it is the engine's

LOOPS = """
from bank import *


def loops(connection):
    while withdraw(connection):
        while True:
            pass


def raises(connection):
    raise ValueError("no such account")


def closes(connection):
    connection.close()


def asks_in_vain(connection):
    raise LookupError("what now")
"""


def withdrawals(bank, database, *words, program="withdraw"):
    name = f"bank:{program}"
    return bank("explore", name, name, *SETUP, "--engine", database.kind, *LEVEL, *words)


def test_a_broken_pair_is_status_1_with_the_command_to_see_it_again(bank, database) -> None:
    said = withdrawals(bank, database)
    assert said.status == 1, said.err
    title = f"{database.target.engine.title} {database.server.version}"
    assert f"current, {title}, read committed: not serializable" in said.out
    assert "account.balance would be 30, and is -40." in said.out
    assert said.line("violated: ").endswith(f"{title}, read committed, current")
    assert said.line("again: ").startswith(
        f"harness explore bank:withdraw bank:withdraw --setup bank:setup --engine {database.kind}"
    )


def test_a_mended_pair_is_status_0_with_its_coverage(bank, database) -> None:
    said = withdrawals(bank, database, program="withdraw_locking")
    assert said.status == 0, said.err
    assert "possible interleavings, 2 distinct outcomes" in said.line("holds: ")
    assert "violated" not in said.out


@one_engine
def test_an_invariant_names_what_broke(bank, database) -> None:
    said = withdrawals(bank, database, "--invariant", "bank:nobody_is_overdrawn")
    assert said.status == 1, said.err
    assert "invariant 'nobody_is_overdrawn'" in said.out
    assert "an account is overdrawn: its balance is -40" in said.out.splitlines()


@one_engine
def test_a_schedule_runs_that_one_execution(bank, database) -> None:
    said = withdrawals(bank, database, "--schedule", "T1 T1 T1 T2 T2")
    assert said.status == 0, said.err
    assert (
        "\nholds in this one execution; run without --schedule to try all the others\n" in said.out
    )
    assert said.line("holds: ").startswith("one recorded execution, ")


@pytest.fixture
def odd(here):
    """A folder with the bank, and beside it functions that go wrong."""
    (here.folder / "odd.py").write_text(LOOPS)
    here.environment["PYTHONPATH"] = str(BANK)
    return here


def test_a_program_that_loops_is_unknown_and_leaves_nothing(odd, database, tmp_path) -> None:
    result = tmp_path / "result.json"
    said = odd(
        *("explore", "odd:loops", "bank:withdraw", *SETUP, "--engine", database.kind, *LEVEL),
        *("--step-deadline", "1", "--json", str(result)),
    )
    assert said.status == 2, said.err
    (cell,) = json.loads(result.read_text("utf-8"))["cells"]
    assert (cell["verdict"], cell["complete"]) == ("unknown", False)
    (reason,) = cell["unknown"]
    assert re.fullmatch("not at rest within 1 s: T1 has not answered: [a-z].*", reason)
    title = f"{database.target.engine.title} {database.server.version}"
    assert f"unknown: {title}, read committed, current: {reason}" in said.out.splitlines()


@one_engine
def test_a_program_that_fails_even_alone_is_unknown(odd, database) -> None:
    said = odd(
        *("explore", "odd:raises", "bank:withdraw", *SETUP, "--engine", database.kind, *LEVEL)
    )
    assert said.status == 2, said.err
    assert "(T1, T2): T1 raised ValueError: no such account" in said.out


@one_engine
def test_a_program_that_closes_its_connection_is_unknown(odd, database) -> None:
    said = odd(
        *("explore", "odd:closes", "bank:withdraw", *SETUP, "--engine", database.kind, *LEVEL)
    )
    assert said.status == 2, said.err
    assert "T1: the program closed its connection" in said.out


@one_engine
def test_an_invariant_that_raises_is_unknown(odd, database) -> None:
    said = withdrawals(odd, database, "--invariant", "odd:asks_in_vain")
    assert said.status == 2, said.err
    assert "invariant 'asks_in_vain' raised LookupError: what now" in said.out + said.err
    assert "Traceback" not in said.err


@one_engine
def test_progress_is_for_a_terminal_and_results_are_for_a_pipe(bank, database) -> None:
    """And progress leaves nothing but a line for each verdict, whatever was drawn meanwhile."""
    terminal, seen_by_harness = pty.openpty()
    words = ("bank:withdraw", "bank:withdraw", *SETUP, "--engine", database.kind, *LEVEL)
    process = bank.start("explore", *words, stderr=seen_by_harness)
    os.close(seen_by_harness)
    drawn = b""
    with suppress(OSError):  # how a terminal says that nobody holds its other end
        while piece := os.read(terminal, 4096):
            drawn += piece
    os.close(terminal)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1, drawn
    assert b"PostgreSQL: starting a server" in drawn
    assert re.search(rb"violated in \d+ of 14 interleavings, \d+\.\d s\r\n", drawn)
    assert "\x1b" not in out
    assert "violated" in out


@one_engine
def test_three_programs_have_three_columns(bank, database) -> None:
    words = ("bank:withdraw_locking", "bank:withdraw", "bank:withdraw")
    said = bank("explore", *words, *SETUP, "--engine", database.kind, *LEVEL)
    assert said.status == 1, said.err
    (head,) = [line for line in said.out.splitlines() if line.startswith("turn")]
    assert [head.index(f"T{n} withdraw") for n in (1, 2, 3)] == [6, 41, 76]
