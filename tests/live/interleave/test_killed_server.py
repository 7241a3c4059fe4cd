"""A server that is killed while it is explored: said so, not hung on, used after its restart."""

import re
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from live.interleave.bank import (
    Bank,
    balance_of,
    of,
    set_balance,
    withdraw_at_once,
    withdraw_locking,
)
from sqlalchemy import create_engine

from harness.checks.invariant import Invariant
from harness.checks.verdict import Verdict
from harness.clock import now_s
from harness.engines import ENGINES, Profile
from harness.interleave.cell import Target
from harness.interleave.limits import Limits
from harness.interleave.search import Bounds
from harness.interleave.stress import Stress
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose, start
from harness.servers.options import ServerOptions
from harness.servers.server import Killable, Server
from harness.sessions.session import session_of_this_thread

pytestmark = pytest.mark.integration

PATIENT_S = 40
GONE = re.compile(
    r"lost its connection: .|the server (took no connection|is gone, or ended the connection): ."
)


@pytest.fixture
def doomed_server(live_engine, live_server) -> Iterator[Server]:
    """A server of its own for each test, from where the shared one came."""
    options = ServerOptions.from_environment()
    with start(choose(ENGINES[live_engine], options), Profile.EXPLORING, options=options) as server:
        if not isinstance(server, Killable):
            pytest.skip(f"{live_engine}: its process is not ours to kill")
        yield server


@pytest.fixture
def doomed_bank(doomed_server) -> Iterator[Bank]:
    engine = doomed_server.engine
    with fresh_database(doomed_server) as url:
        database = create_engine(url, connect_args=dict(engine.connect_arguments))
        target = Target(engine, doomed_server.version, doomed_server.source, url)
        yield Bank(SimpleNamespace(target=target, engine=database, kind=engine.name, url=url))
        database.dispose()


class Once:
    """Kills the server when first called."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.done = False

    def __call__(self) -> None:
        if not self.done:
            self.done = True
            self.server.kill()


def test_a_server_killed_in_the_middle_is_an_unknown_and_works_after_its_restart(
    doomed_server, doomed_bank
):
    """By a program; while another waits for it; while an invariant is looked at; in a round."""
    for killing in (by_a_program, while_another_waits, by_an_invariant, in_a_free_round):
        before = set(threading.enumerate())
        start_s = now_s()
        cell = killing(doomed_bank, Once(doomed_server))
        assert cell.verdict is Verdict.UNKNOWN, killing.__name__
        assert any(GONE.search(reason) for reason in cell.unknown), (killing.__name__, cell.unknown)
        assert now_s() - start_s < PATIENT_S
        assert set(threading.enumerate()) <= before
        doomed_server.restart()
        doomed_bank.database.engine.dispose()
        doomed_bank.drop_tables()
        mended = doomed_bank.explore(of(withdraw_locking, 10), of(withdraw_locking, 30))
        assert mended.verdict is Verdict.HOLDS


def by_a_program(bank, kill):
    def program(connection):
        balance_of(connection, 1)
        kill()
        withdraw_at_once(connection, 10)

    return bank.explore(program, of(withdraw_at_once, 30), limits=Limits(step_s=5))


def while_another_waits(bank, kill):
    def program(connection):
        set_balance(connection, 1, 0)
        balance_of(connection, 1)
        kill()
        connection.commit()

    waits_first = of(withdraw_at_once, 30)
    return bank.explore(program, waits_first, schedule="T1 T2* T1 T1 T2", limits=Limits(step_s=5))


def by_an_invariant(bank, kill):
    def look(connection):
        balance = balance_of(connection, 1)
        if balance < 100:
            kill()
            balance = balance_of(connection, 1)
        return balance

    rule = Invariant("is seen", look, lambda _seen: None)
    return bank.explore(
        of(withdraw_at_once, 10),
        of(withdraw_at_once, 30),
        invariants=[rule],
        limits=Limits(step_s=5),
    )


def in_a_free_round(bank, kill):
    def program(connection):
        if not session_of_this_thread().held:
            kill()
        withdraw_locking(connection, 10)

    rule = Invariant("is seen", lambda connection: balance_of(connection, 1), lambda _seen: None)
    return bank.explore(
        program,
        of(withdraw_locking, 30),
        invariants=[rule],
        bounds=Bounds(limits=Limits(step_s=5), stress=Stress(rounds=2, round_s=20)),
    )
