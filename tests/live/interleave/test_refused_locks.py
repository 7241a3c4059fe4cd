"""What a refusal leaves behind: whether the transaction's locks are gone, as the classifiers say.

A session that holds a row is refused something else. Who then wants that row either gets it at
once, or waits, by the probe's word.
"""

from collections.abc import Iterator

import pytest
from live.interleave.raw_session import RawSession, Ring, change, make_accounts, ring
from sqlalchemy.exc import DBAPIError

from harness.outcome import Refusal

pytestmark = pytest.mark.integration

INNODB = ("mysql", "mariadb")
HELD = change(30)


@pytest.fixture
def sessions(database) -> Iterator[Ring]:
    """T1 and T2 disagree, T2 holds account 30, which T3 will want."""
    make_accounts(database)
    with ring(database) as made:
        yield made


def refusal_of(sessions: Ring, session: RawSession) -> Refusal:
    """What the classifier says of the error with which a session's last statement ended."""
    with pytest.raises(DBAPIError) as raised:
        session.ends()
    refusal = sessions.kind.classify(raised.value.orig)
    assert refusal is not None
    return refusal


def be_beaten_in_a_deadlock(sessions: Ring) -> Refusal:
    """Whoever closes the cycle is refused; where it counts, it has also changed less."""
    t1, t2, _ = sessions.join(3)
    t1.runs("insert into entry values (1, 10), (2, 10), (3, 10), (4, 10), (5, 10)")
    t1.runs(change(10))
    t2.runs(HELD)
    t1.sends(HELD)
    sessions.await_waits(T1={"T2"})
    while sessions.probe.unexamined_s():
        sessions.waits()
    t2.sends(change(10))
    refusal = refusal_of(sessions, t2)
    t1.ends()  # what it waited for is free
    t1.rolls_back()
    return refusal


def write_on_an_old_snapshot(sessions: Ring) -> Refusal:
    t1, t2, _ = sessions.join(3, "REPEATABLE READ")
    t2.runs("select * from account")
    t2.runs(HELD)
    t1.runs(change(10))
    t1.commits()
    t2.sends(change(10))
    return refusal_of(sessions, t2)


def wait_too_long(sessions: Ring) -> Refusal:
    t1, t2, _ = sessions.join(3)
    t2.runs("set innodb_lock_wait_timeout = 1")
    t1.runs(change(10))
    t2.runs(HELD)
    t2.sends(change(10))
    return refusal_of(sessions, t2)


def not_want_to_wait(sessions: Ring) -> Refusal:
    t1, t2, _ = sessions.join(3)
    t1.runs(change(10))
    t2.runs(HELD)
    t2.sends("select * from account where id = 10 for update nowait")
    return refusal_of(sessions, t2)


def insert_a_key_twice(sessions: Ring) -> Refusal:
    _, t2, _ = sessions.join(3)
    t2.runs(HELD)
    t2.sends("insert into account values (20, 1, 'dee')")
    return refusal_of(sessions, t2)


def lets_its_locks_go(sessions: Ring, refusal: Refusal) -> None:
    """T3 gets at once what T2 held, although T2 has not rolled back."""
    assert refusal.ends_transaction
    sessions["T3"].runs(HELD)
    sessions.sees_nobody_wait()


def keeps_its_locks(sessions: Ring, refusal: Refusal) -> None:
    """T3 waits for what T2 still holds, and gets it by T2's rollback."""
    assert not refusal.ends_transaction
    sessions["T3"].sends(HELD)
    sessions.await_waits(T3={"T2"})
    sessions["T2"].rolls_back()
    sessions["T3"].ends()
    sessions.sees_nobody_wait()


def test_the_victim_of_a_deadlock_lets_its_locks_go(sessions, live_engine):
    refusal = be_beaten_in_a_deadlock(sessions)
    assert refusal.code == ("40P01" if live_engine == "postgresql" else "1213")
    lets_its_locks_go(sessions, refusal)


@pytest.mark.engines("mariadb", "postgresql")
def test_who_writes_on_an_old_snapshot_lets_its_locks_go(sessions, live_engine):
    refusal = write_on_an_old_snapshot(sessions)
    assert refusal.code == {"mariadb": "1020", "postgresql": "40001"}[live_engine]
    lets_its_locks_go(sessions, refusal)


@pytest.mark.engines(*INNODB)
def test_who_has_waited_too_long_keeps_its_locks(sessions):
    refusal = wait_too_long(sessions)
    assert refusal.code == "1205"
    keeps_its_locks(sessions, refusal)


OTHERS = {
    not_want_to_wait: {"mysql": "3572", "mariadb": "1205", "postgresql": "55P03"},
    insert_a_key_twice: {"mysql": "1062", "mariadb": "1062", "postgresql": "23505"},
}


@pytest.mark.parametrize("provocation", OTHERS, ids=lambda function: function.__name__)
def test_after_any_other_refusal_postgresql_alone_ends_the_transaction(
    sessions, live_engine, provocation
):
    refusal = provocation(sessions)
    assert refusal.code == OTHERS[provocation][live_engine]
    if live_engine == "postgresql":
        lets_its_locks_go(sessions, refusal)
    else:
        keeps_its_locks(sessions, refusal)
