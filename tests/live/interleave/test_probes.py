"""What the lock probes say of every kind of wait, and that they say nothing of other sessions.

The sessions are driven by hand, without a conductor: each case is a wait that the server really has
at that moment, and is looked at as the conductor looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from live.interleave.raw_session import Ring, change, make_accounts, ring
from sqlalchemy import text

pytestmark = pytest.mark.integration

INNODB = ("mysql", "mariadb")
REPEATABLE_READ = "REPEATABLE READ"


@pytest.fixture
def sessions(database) -> Iterator[Ring]:
    """A ring on the accounts 10, 20 and 30."""
    make_accounts(database)
    with ring(database) as made:
        yield made


@dataclass(frozen=True)
class Case:
    """What T1 does, what T2 then waits with, and what is told of it by which engine."""

    name: str
    first: str
    then: str
    on: dict[str, str]
    release: str = "rollback"
    isolation: str = ""


CASES = (
    Case(
        "a changed row",
        change(10),
        change(10),
        {
            "mysql": "record lock X,REC_NOT_GAP on account.PRIMARY, 10",
            "mariadb": "record lock X on account.PRIMARY, 10",
            "postgresql": "row of account, id = 10",
        },
    ),
    Case(
        "a gap between rows",
        "select * from account where id = 15 for update",
        "insert into account values (16, 1, 'dee')",
        {
            "mysql": "record lock X,GAP,INSERT_INTENTION on account.PRIMARY, 20",
            "mariadb": "record lock X,GAP on account.PRIMARY, 20",
        },
        isolation=REPEATABLE_READ,
    ),
    Case(
        "the gap behind all rows",
        "select * from account where id = 35 for update",
        "insert into account values (36, 1, 'dee')",
        {
            "mysql": "record lock X,INSERT_INTENTION on account.PRIMARY, supremum pseudo-record",
            "mariadb": "record lock X on account.PRIMARY, supremum pseudo-record",
        },
        isolation=REPEATABLE_READ,
    ),
    Case(  # T1 holds no lock that a view shows until T2 meets its row
        "a key that was only just inserted",
        "insert into account values (40, 1, 'dee')",
        "insert into account values (50, 1, 'dee')",
        {
            "mysql": "record lock S on account.holder, 'dee', 40",
            "mariadb": "record lock S on account.holder, 'dee'",
            "postgresql": "the end of the other transaction",
        },
    ),
    Case(
        "a row that was only just inserted",
        "insert into account values (40, 1, 'dee')",
        "insert into account values (40, 1, 'eve')",
        {
            "mysql": "record lock S,REC_NOT_GAP on account.PRIMARY, 40",
            "mariadb": "record lock S on account.PRIMARY, 40",
            "postgresql": "the end of the other transaction",
        },
    ),
    Case(
        "a parent that is being deleted",
        "delete from account where id = 10",
        "insert into entry values (1, 10)",
        {
            "mysql": "record lock S,REC_NOT_GAP on account.PRIMARY, 10",
            "mariadb": "record lock S on account.PRIMARY, 10",
            "postgresql": "row of account, id = 10",
        },
    ),
    Case(
        "a parent of a new child",
        "insert into entry values (1, 10)",
        "delete from account where id = 10",
        {
            "mysql": "record lock X,REC_NOT_GAP on account.PRIMARY, 10",
            "mariadb": "record lock X on account.PRIMARY, 10",
            "postgresql": "row of account, id = 10",
        },
    ),
    Case(
        "a table locked for writing",
        "lock tables account write",
        "select * from account",
        dict.fromkeys(INNODB, "metadata lock SHARED_READ on account"),
        release="unlock tables",
    ),
    Case(
        "a table locked for reading",
        "lock tables account read",
        change(10),
        dict.fromkeys(INNODB, "metadata lock SHARED_WRITE on account"),
        release="unlock tables",
    ),
    Case(
        "a table locked in a mode",
        "lock table account in exclusive mode",
        change(10),
        {"postgresql": "relation account (RowExclusiveLock)"},
    ),
    Case(
        "a definition",
        "select * from account",
        "alter table account add column note int",
        {
            **dict.fromkeys(INNODB, "metadata lock EXCLUSIVE on account"),
            "postgresql": "relation account (AccessExclusiveLock)",
        },
    ),
    Case(
        "an advisory lock by name",
        "select get_lock('night', 5)",
        "select get_lock('night', 5)",
        dict.fromkeys(INNODB, "advisory lock night"),
        release="select release_lock('night')",
    ),
    Case(
        "an advisory lock by number",
        "select pg_advisory_lock(7)",
        "select pg_advisory_lock(7)",
        {"postgresql": "advisory lock 7"},
        release="select pg_advisory_unlock(7)",
    ),
    Case(
        "an advisory lock by two numbers",
        "select pg_advisory_xact_lock(7, 8)",
        "select pg_advisory_xact_lock(7, 8)",
        {"postgresql": "advisory lock 7, 8"},
    ),
)


def cases(*engines: str) -> pytest.MarkDecorator:
    """The locks that these engines have, and no others."""
    theirs = [case for case in CASES if case.on.keys() == set(engines)]
    return pytest.mark.parametrize("case", theirs, ids=lambda case: case.name)


@cases(*INNODB, "postgresql")
def test_a_wait_is_told_with_its_blocker_and_what_it_is_for(sessions, live_engine, case):
    see(sessions, live_engine, case)


@cases(*INNODB)
@pytest.mark.engines(*INNODB)
def test_a_wait_that_only_innodb_or_its_servers_have(sessions, live_engine, case):
    see(sessions, live_engine, case)


@cases("postgresql")
@pytest.mark.engines("postgresql")
def test_a_wait_that_only_postgresql_has(sessions, live_engine, case):
    see(sessions, live_engine, case)


def see(sessions: Ring, live_engine: str, case: Case) -> None:
    """T1 holds, T2 waits, is told with the right words, and is let go."""
    t1, t2 = sessions.join(2, case.isolation)
    t1.runs(case.first)
    sessions.sees_nobody_wait()
    t2.sends(case.then)
    sessions.await_waits(T2={"T1"})
    assert sessions.details("T2") == case.on[live_engine]
    t1.runs(case.release)
    t2.ends()
    sessions.sees_nobody_wait()


# -- several who wait


def test_those_in_a_queue_wait_for_the_holder_and_for_those_before_them(sessions, live_engine):
    t1, t2, t3 = sessions.join(3)
    t1.runs(change(10))
    t2.sends(change(10))
    sessions.await_waits(T2={"T1"})
    t3.sends(change(10))
    # There the third waits for the second's place in the row's queue, which the holder has left.
    before_t3 = {"T2"} if live_engine == "postgresql" else {"T1", "T2"}
    sessions.await_waits(T2={"T1"}, T3=before_t3)
    t1.rolls_back()
    t2.ends()
    sessions.await_waits(T3={"T2"})
    t2.rolls_back()
    t3.ends()
    sessions.sees_nobody_wait()


def test_a_chain_is_told_link_by_link(sessions):
    t1, t2, t3 = sessions.join(3)
    for session, key in ((t1, 10), (t2, 20), (t3, 30)):
        session.runs(change(key))
    t2.sends(change(10))
    t3.sends(change(20))
    sessions.await_waits(T2={"T1"}, T3={"T2"})
    t1.rolls_back()
    t2.ends()
    sessions.await_waits(T3={"T2"})
    t2.rolls_back()
    t3.ends()
    sessions.sees_nobody_wait()


def test_a_reader_behind_a_change_of_definition_waits_for_that(sessions):
    """No lock that anybody holds hinders it, only the one before it in the queue."""
    t1, t2, t3 = sessions.join(3)
    t1.runs("select * from account")
    t2.sends("alter table account add column note int")
    sessions.await_waits(T2={"T1"})
    t3.sends("select * from account")
    sessions.await_waits(T2={"T1"}, T3={"T2"})
    t1.rolls_back()
    t2.ends()
    t2.commits()
    t3.ends()
    sessions.sees_nobody_wait()


def test_who_waits_for_two_holders_of_one_lock(sessions, live_engine):
    """PostgreSQL waits for the end of one after the other, and tells no more than that."""
    t1, t2, t3 = sessions.join(3)
    shared = "for share" if live_engine == "postgresql" else "lock in share mode"
    for holder in (t1, t2):
        holder.runs(f"select * from account where id = 10 {shared}")
    t3.sends(change(10))
    sessions.await_waits(T3={"T1"} if live_engine == "postgresql" else {"T1", "T2"})
    t1.rolls_back()
    sessions.await_waits(T3={"T2"})
    t2.rolls_back()
    t3.ends()


def test_a_holder_of_more_locks_than_are_listed_is_told_all_the_same(sessions, database):
    """MariaDB lists ten locks of a transaction: two who wait do not wait for each other."""
    t1, t2, t3 = sessions.join(3)
    with database.engine.begin() as connection:
        for n in range(8):
            connection.execute(text(f"create table t{n} (id int primary key)"))
            connection.execute(text(f"insert into t{n} values (1)"))
    for n in range(8):
        t1.runs(f"select * from t{n} where id = 1 for update")
    t2.sends("select * from t7 where id = 1 for update")
    sessions.await_waits(T2={"T1"})
    t3.sends("select * from t7 where id = 1 for update")
    found = sessions.await_waits(T2={"T1"}, T3=None)
    assert "T2" in found["T3"].blockers
    t1.rolls_back()
    t2.ends()
    t2.rolls_back()
    t3.ends()


def test_so_many_rows_may_be_locked_that_no_list_holds_them(sessions, database):
    """MariaDB's text of all locks ends after 1 MB, and with it the session that waits."""
    with database.engine.begin() as connection:
        connection.execute(text("create table many (id int primary key, a int, b int)"))
        rows = ", ".join(f"({n}, {n}, {n})" for n in range(6000))
        connection.execute(text(f"insert into many values {rows}"))
    t1, t2 = sessions.join(2, REPEATABLE_READ)
    t1.runs("update many set a = a + 1")
    t2.sends("update many set b = 0 where id = 5000")
    found = sessions.await_waits(T2=None)
    assert set(found["T2"].blockers) <= {"T1"}
    assert "many" in sessions.details("T2")
    t1.rolls_back()
    t2.ends()
    sessions.sees_nobody_wait()


# -- who does not wait

CROSS = (
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < 900) "
    "select count(*) from n a, n b where mod(a.i * b.i, 1009) = 1010"
)


def test_who_is_only_slow_is_never_told_as_waiting(sessions, live_engine):
    t1, t2 = sessions.join(2)
    t1.runs(change(10))
    sleep = "pg_sleep" if live_engine == "postgresql" else "sleep"
    for statement in (f"select {sleep}(0.3)", CROSS):
        looks = 0
        while looks < 4:  # a busy machine looks seldom while one statement runs
            t2.sends(statement)
            looks += sessions.sees_nobody_wait_while(t2)
            assert t2.ends() in ([(0,)], [("",)])
    t2.sends(change(10))
    sessions.await_waits(T2={"T1"})  # the same session, when it does wait


def test_who_waits_for_a_stranger_is_not_told_as_waiting_for_one_of_ours(sessions):
    t1, t2 = sessions.join(2)
    stranger = sessions.stranger()
    stranger.runs(change(10))
    t1.runs(change(20))
    t2.sends(change(10))
    for _ in range(50):
        assert not sessions.waits()
        assert not t2.under_way.done()
    assert sessions.probe.details("T2") is None
    stranger.rolls_back()
    t2.ends()


def test_who_waits_for_a_stranger_s_definition_or_advisory_lock_is_not_told(sessions, live_engine):
    t1, t2 = sessions.join(2)
    stranger = sessions.stranger()
    lock = "pg_advisory_lock(7)" if live_engine == "postgresql" else "get_lock('night', 5)"
    stranger.runs("select * from account")
    stranger.runs(f"select {lock}")
    t1.sends("alter table account add column note int")
    t2.sends(f"select {lock}")
    for _ in range(50):
        assert not sessions.waits()
    assert not t1.under_way.done()
    assert not t2.under_way.done()
    assert sessions.probe.details("T1") is None


def test_only_those_asked_about_are_told(sessions):
    t1, t2, t3 = sessions.join(3)
    t1.runs(change(10))
    t2.sends(change(10))
    sessions.await_waits(T2={"T1"})
    t3.sends(change(10))
    t3_waits = {"T2", "T3"}
    while len(sessions.waits()) < len(t3_waits):
        assert not t3.under_way.done()
    assert sessions.probe.waiting(["T3", "T1"]).keys() == {"T3"}
    assert sessions.probe.waiting(["T1"]) == {}


def test_a_table_that_somebody_wants_whole_does_not_hold_up_the_probe(sessions):
    """To name the row it reads the table, which it then could not."""
    t1, t2, t3 = sessions.join(3)
    t1.runs(change(10))
    t2.sends(change(10))
    sessions.await_waits(T2={"T1"})
    t3.sends("alter table account add column note int")
    found = sessions.await_waits(T2={"T1"}, T3=None)
    assert "T1" in found["T3"].blockers
    assert "account" in sessions.details("T2")
    t1.rolls_back()
    t2.ends()
    t2.rolls_back()
    t3.ends()


# -- how long a wait must have lasted


def test_the_server_looks_for_a_deadlock_at_once_or_after_its_time(sessions, live_engine):
    t1, t2 = sessions.join(2)
    t1.runs(change(10))
    t2.sends(change(10))
    sessions.await_waits(T2={"T1"})
    if live_engine in INNODB:
        assert sessions.probe.unexamined_s() == 0
        return
    assert sessions.probe.unexamined_s() <= 0.009  # deadlock_timeout is 1 ms when exploring
    while sessions.probe.unexamined_s():
        assert sessions.waits()
    assert not t2.under_way.done()
    t1.rolls_back()
    t2.ends()
    sessions.waits()
    assert sessions.probe.unexamined_s() == 0
