"""Programs that cannot be explored as they are: said so, ended, and nothing is left of them."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from live.interleave.bank import (
    Bank,
    Function,
    balance_of,
    of,
    set_balance,
    withdraw,
    withdraw_at_once,
    withdraw_locking,
)
from sqlalchemy import create_engine, text

from harness.checks.verdict import Verdict
from harness.clock import Deadline, poll
from harness.interleave.limits import Limits
from harness.interleave.scheduler import InOrder
from harness.interleave.search import Bounds
from harness.interleave.stress import Stress
from harness.programs import Program
from harness.sessions.session import session_of_this_thread

pytestmark = pytest.mark.integration

HOLDS, UNKNOWN, VIOLATED = Verdict.HOLDS, Verdict.UNKNOWN, Verdict.VIOLATED
QUICK = Limits(step_s=0.6, steps=40)

OPEN_CONNECTIONS = {
    "mysql": "select count(*) from information_schema.processlist where db = database()",
    "postgresql": "select count(*) from pg_stat_activity where datname = current_database()",
}
SLEEP = {"mysql": "select sleep(30)", "postgresql": "select pg_sleep(30)"}


def family(bank: Bank) -> str:
    return "postgresql" if bank.kind.name == "postgresql" else "mysql"


def open_connections(bank: Bank) -> int:
    """How many the server has in the bank's database, besides the one that asks."""
    with bank.database.engine.connect() as connection:
        return connection.execute(text(OPEN_CONNECTIONS[family(bank)])).scalar_one() - 1


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.is_alive()}


@pytest.fixture(autouse=True)
def nothing_is_left(bank) -> Iterator[None]:
    """No thread of ours lives on, the server has no connection of ours, and it still works."""
    before = threads()
    yield
    for _ in poll(Deadline.after(5), f"threads end: {threads() - before}"):
        if threads() <= before:
            break
    for _ in poll(Deadline.after(5), "the server closes what we left"):
        if open_connections(bank) == 0:
            break
    assert bank.explore(of(withdraw_locking, 10), of(withdraw_locking, 30)).verdict is HOLDS


# -- programs


def raise_always(connection):
    balance_of(connection, 1)
    raise ValueError("no such customer\nsecond line")


def raise_if_overtaken(connection):
    """Alone it never sees its balance change."""
    before = balance_of(connection, 1)
    if balance_of(connection, 1) != before:
        raise ValueError("overtaken")


def never_end_in_sql(connection):
    while True:
        balance_of(connection, 1)


def never_end_in_python(connection):
    balance_of(connection, 1)
    while True:
        pass


def never_begin(_connection):
    while True:
        pass


def close_the_connection(connection):
    balance_of(connection, 1)
    connection.close()


def take_another_from_its_engine(connection):
    with connection.engine.connect() as other:
        balance_of(other, 1)


def swallow_what_ends_it(connection):
    try:
        while True:
            balance_of(connection, 1)
    except BaseException:  # noqa: BLE001 - what programs do
        return "nothing happened"


def exit_the_process(connection):
    balance_of(connection, 1)
    raise SystemExit(3)


def interrupt_the_process(connection):
    balance_of(connection, 1)
    raise KeyboardInterrupt


def ask_what_does_not_exist(connection):
    connection.execute(text("select * from no_such_table"))


def take_another_from_a_new_engine(bank: Bank) -> Function:
    def program(_connection):
        database = create_engine(bank.database.url)
        try:
            with database.connect() as other:
                balance_of(other, 1)
        finally:
            database.dispose()

    return program


def sleep_in_sql(bank: Bank) -> Function:
    def program(connection):
        connection.execute(text(SLEEP[family(bank)]))

    return program


def lock_and_sleep_in_sql(bank: Bank) -> Function:
    def program(connection):
        withdraw_without_commit(connection)
        connection.execute(text(SLEEP[family(bank)]))

    return program


def withdraw_without_commit(connection):
    set_balance(connection, 1, 0)


@dataclass(frozen=True)
class Case:
    """What is run beside an ordinary withdrawal, and what is said of it."""

    program: Callable[..., object]
    verdict: Verdict
    reason: str = ""
    needs_bank: bool = False
    """The program is made for one engine's dialect or database."""


CASES = {
    "raises alone": Case(
        raise_always,
        UNKNOWN,
        "one after the other (T1, T2): T1 raised ValueError: no such customer",
    ),
    "raises when overtaken": Case(raise_if_overtaken, VIOLATED),
    "asks what does not exist": Case(ask_what_does_not_exist, UNKNOWN, "no_such_table"),
    "never ends in SQL": Case(never_end_in_sql, UNKNOWN, "T1: more than 40 steps"),
    "never ends in Python": Case(
        never_end_in_python,
        UNKNOWN,
        "not at rest within 0.6 s: T1 has not answered: SELECT balance FROM account WHERE id = 1",
    ),
    "never begins": Case(
        never_begin,
        UNKNOWN,
        "not at rest within 0.6 s: T1 has not answered: the part before its first statement",
    ),
    "closes its connection": Case(
        close_the_connection, UNKNOWN, "T1: the program closed its connection"
    ),
    "takes another connection of its engine": Case(
        take_another_from_its_engine,
        UNKNOWN,
        "T1: the program took a second connection, which cannot be held",
    ),
    "takes another connection of a new engine": Case(
        take_another_from_a_new_engine,
        UNKNOWN,
        "T1: the program took a second connection, which cannot be held",
        needs_bank=True,
    ),
    "swallows what ends it": Case(swallow_what_ends_it, UNKNOWN, "T1: more than 40 steps"),
    "exits the process": Case(exit_the_process, UNKNOWN, "T1 raised SystemExit: 3"),
    "interrupts the process": Case(interrupt_the_process, UNKNOWN, "T1 raised KeyboardInterrupt"),
    "sleeps in SQL": Case(
        sleep_in_sql, UNKNOWN, "not at rest within 0.6 s: T1 has not answered: ", needs_bank=True
    ),
    "sleeps in SQL with a lock that others want": Case(
        lock_and_sleep_in_sql,
        UNKNOWN,
        "not at rest within 0.6 s: T1 has not answered: ",
        needs_bank=True,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_program_that_misbehaves(bank, case):
    program = case.program(bank) if case.needs_bank else case.program
    cell = bank.explore(program, of(withdraw_at_once, 30), limits=QUICK)
    assert cell.verdict is case.verdict
    assert case.reason in "; ".join(cell.unknown)
    if case.verdict is UNKNOWN:
        alone = bank.explore(program, limits=QUICK)
        assert alone.verdict is UNKNOWN
        assert alone.unknown


def test_two_programs_that_wait_for_each_other_outside_of_the_database(bank):
    """Nobody sees such a wait: the turn that would end it may be anybody's."""
    met = threading.Event()

    def wait(connection):
        balance_of(connection, 1)
        while not met.wait(0.1):
            pass

    def tell(connection):
        balance_of(connection, 1)
        met.set()

    cell = bank.explore(wait, tell, limits=QUICK)
    assert cell.verdict is UNKNOWN
    assert "T1 has not answered" in cell.unknown[0]


def test_an_error_that_belongs_to_the_contract_is_a_result(bank):
    def refuse_if_poor(connection):
        if balance_of(connection, 1) < 100:
            raise ValueError("too poor")
        withdraw_at_once(connection, 50)

    beside = of(withdraw_at_once, 30)
    contract = Program("refuse", refuse_if_poor, (ValueError,))
    assert bank.explore(contract, beside).verdict is HOLDS
    assert bank.explore(refuse_if_poor, beside).verdict is UNKNOWN


def test_a_program_that_commits_before_it_raises_has_been_heard(bank):
    """Its commits are compared, whether the error was expected or not."""

    def commit_and_raise(connection):
        withdraw(connection, 10)
        raise KeyError("later")

    contract = Program("raise", commit_and_raise, (KeyError,))
    assert bank.explore(contract, of(withdraw_at_once, 30)).verdict is VIOLATED


def test_the_conductor_goes_on_after_an_execution_that_it_had_to_stop(open_bank):
    """The next execution has new connections where the old ones were cut."""
    slept = threading.Event()

    def sleep_once(connection):
        withdraw_without_commit(connection)
        if not slept.is_set():
            slept.set()
            connection.execute(text(SLEEP[family(open_bank)]))
        connection.rollback()
        return withdraw(connection, 10)

    with open_bank.conductor(sleep_once, of(withdraw_at_once, 30), limits=QUICK) as conductor:
        stopped = conductor.conduct(InOrder(["T1", "T2"]))
        assert "T1 has not answered" in stopped.stopped
        again = conductor.conduct(InOrder(["T1", "T2"]))
        assert again.stopped is None
        assert again.ends["T1"].value == 90
    assert open_bank.balances()[1] == 60
    open_bank.drop_tables()


def test_a_statement_under_way_when_a_free_round_is_called_off_is_ended_too(bank):
    """What is left of it would hold up who drops the tables: `nothing_is_left` looks after it."""

    def sleep_when_free(connection):
        withdraw_locking(connection, 10)
        if not session_of_this_thread().held:
            connection.execute(text(SLEEP[family(bank)]))

    bounds = Bounds(stress=Stress(rounds=1, round_s=1))
    cell = bank.explore(sleep_when_free, of(withdraw_locking, 30), bounds=bounds)
    assert cell.verdict is UNKNOWN
    assert cell.unknown == ["free-running round: not over within 1 s"]


def test_a_finding_that_is_cut_off_when_it_is_run_again_stays_as_it_was_seen(bank):
    """What was cut off after a commit looks like an anomaly itself, and is none."""
    runs, last = [], 0

    def withdraw_twice(connection):
        """The last time, only once."""
        runs.append(1)
        withdraw(connection, 5, 2)
        balance = balance_of(connection, 1)
        while len(runs) == last:
            pass
        set_balance(connection, 1, balance - 10)
        connection.commit()

    limits = Limits(step_s=2, steps=40)
    found = bank.explore(withdraw_twice, of(withdraw, 30), limits=limits)
    assert (found.verdict, found.finding.reproduced) == (VIOLATED, True)
    last = len(runs)
    runs.clear()
    cut = bank.explore(withdraw_twice, of(withdraw, 30), limits=limits)
    assert len(runs) == last
    assert (cut.verdict, cut.finding.reproduced) == (VIOLATED, False)
    assert cut.finding.execution.stopped is None
    assert len(cut.finding.schedule) == len(found.finding.schedule)
