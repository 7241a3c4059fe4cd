"""Lock waits and deadlocks, by the programs that met."""

from harness.engines.monitoring import DeadlockMember, SeenDeadlock, SeenWait
from harness.operations.programs import Programs
from harness.operations.seen import NOT_TOLD, Deadlocks, Waits


def wait(key="1", waiter=1, blockers=(2,), table="progress", waited_s=None) -> SeenWait:
    return SeenWait(key, waiter, blockers, table, "record lock X", waited_s)


def programs(**names) -> Programs:
    made = Programs()
    for number, name in names.items():
        made.register(int(number.removeprefix("c")), name)
    return made


def test_one_wait_seen_in_three_samples_is_one_wait() -> None:
    waits = Waits(programs(c1="reservation registration", c2="progress update"))
    for at_s in (1.0, 2.0, 3.5):
        waits.add(at_s, [wait()], {})
    (row,) = waits.rows()
    assert (row.waiting, row.blocking) == ("reservation registration", "progress update")
    assert (row.table, row.times, row.longest_s) == ("progress", 1, 2.5)


def test_the_server_s_own_time_beats_the_samples() -> None:
    waits = Waits(Programs())
    waits.add(1.0, [wait(waited_s=0.7)], {})
    waits.add(2.0, [wait(waited_s=1.8)], {})
    assert waits.rows()[0].longest_s == 1.8


def test_waits_are_told_by_both_programs_and_the_table_longest_first() -> None:
    waits = Waits(programs(c1="a", c2="b", c3="a"))
    seen = [
        wait("1", 1, (2,), waited_s=1),
        wait("2", 3, (2,), waited_s=3),
        wait("3", 2, (1,), waited_s=5),
        wait("4", 1, (2,), "bill", waited_s=2),
    ]
    waits.add(0.0, seen, {})
    rows = [(row.waiting, row.blocking, row.table, row.times) for row in waits.rows()]
    assert rows == [("b", "a", "progress", 1), ("a", "b", "progress", 2), ("a", "b", "bill", 1)]


def test_a_wait_for_two_is_in_both_rows_and_for_nobody_in_one() -> None:
    waits = Waits(Programs())
    waits.add(0.0, [wait(blockers=(2, 3)), wait("2", 4, (), None)], {2: "psql"})
    found = {(row.waiting, row.blocking, row.table) for row in waits.rows()}
    assert found == {
        ("connection 1", "psql", "progress"),
        ("connection 1", "connection 3", "progress"),
        ("connection 4", NOT_TOLD, NOT_TOLD),
    }


def deadlock(key="1", at=None, victim=2) -> SeenDeadlock:
    members = (DeadlockMember(1, "X on a", "a", "update a"), DeadlockMember(2, "X on b", "b"))
    return SeenDeadlock(key, members, at, victim)


def test_a_deadlock_in_log_and_status_is_told_once_with_its_cycle() -> None:
    found = Deadlocks(programs(c1="t1", c2="t2"))
    found.add(1.0, 1000.0, [deadlock()], {})
    found.add(2.0, 1000.0, [deadlock()], {})
    (one,) = found.all()
    assert (one.cycle, one.victim, one.at_s) == (("t1", "t2"), "t2", 1.0)
    assert one.readable() == (
        "t1 -> t2 -> t1\n  t1 waits for X on a\n  t2 waits for X on b\n  given up: t2"
    )


def test_a_deadlock_s_programs_are_those_of_its_own_time() -> None:
    """Its report is read a moment later, when the connection may run another program."""
    names = Programs()
    names.register(1, "before", at=1000.0)
    names.register(1, "during", at=1005.0)
    names.register(1, "behind", at=1006.0)
    found = Deadlocks(names)
    found.add(7.0, 1000.0, [deadlock(at=1005.5)], {2: "carried"})
    (one,) = found.all()
    assert (one.cycle, one.at_s) == (("during", "carried"), 5.5)
