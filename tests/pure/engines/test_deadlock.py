"""Reports of deadlocks as live servers gave them, kept in `reports/` with our sessions' numbers."""

from pathlib import Path

import pytest

from harness.engines.mysql.deadlock import parse_deadlock
from harness.engines.mysql.listed_locks import waiting_in
from harness.engines.postgresql.locks import PostgresqlLockProbe
from harness.locks import AwaitedLock, DeadlockReport

REPORTS = Path(__file__).parent / "reports"
ROW = "record lock X locks rec but not gap on {}.PRIMARY"
GAP = "record lock X locks gap before rec insert intention on booking.PRIMARY"


def report(name: str) -> tuple[str, dict[int, str]]:
    """A server's text, and our sessions by their numbers: the first line names them."""
    first, _, text = (REPORTS / f"{name}.txt").read_text().partition("\n")
    numbers = map(int, first.split()[1:])
    return text, {number: f"T{place}" for place, number in enumerate(numbers, start=1)}


def in_detail(detail: str, names: dict[int, str]) -> DeadlockReport | None:
    """What a probe of that engine reads in an error's DETAIL; it asks no server for this."""
    probe = object.__new__(PostgresqlLockProbe)
    probe._names = names
    return probe.last_deadlock(detail)


@pytest.mark.parametrize(
    ("name", "cycle", "lock"),
    [
        ("mysql-9.7-two", ("T1", "T2"), ROW.format("account")),
        ("mysql-9.7-three", ("T2", "T3", "T1"), ROW.format("account")),
        ("mysql-9.7-parent", ("T1", "T2"), ROW.format("customer")),
        ("mysql-9.7-gap", ("T1", "T2"), GAP),
        ("mariadb-11.8-two", ("T2", "T1"), ROW.format("account")),
        ("mariadb-11.8-three", ("T1", "T2", "T3"), ROW.format("account")),
        ("mariadb-11.8-parent", ("T2", "T1"), ROW.format("customer")),
        ("mariadb-11.8-gap", ("T2", "T1"), GAP),
    ],
)
def test_a_status_text_names_the_cycle_and_what_each_waited_for(name, cycle, lock):
    found = parse_deadlock(*report(name))
    assert found is not None
    assert found.cycle == cycle
    assert found.lines == tuple(f"{member} waits for {lock}" for member in cycle)
    mode, _, place = lock.removeprefix("record lock ").partition(" on ")
    table, _, index = place.partition(".")
    gap = lock == GAP
    assert found.locks == tuple(AwaitedLock(name, mode, table, index, gap) for name in cycle)


@pytest.mark.parametrize("name", ["mysql-9.7-waiting", "mariadb-11.8-waiting"])
def test_a_status_text_may_tell_of_no_deadlock(name):
    assert parse_deadlock(*report(name)) is None


def test_a_session_that_is_not_ours_is_named_by_its_connection():
    text, names = report("mysql-9.7-two")
    number = next(number for number, name in names.items() if name == "T2")
    found = parse_deadlock(text, {n: name for n, name in names.items() if name == "T1"})
    assert found is not None
    assert found.cycle == ("T1", f"connection {number}")


def test_a_lock_that_is_not_named_is_said_to_be_so():
    text, names = report("mysql-9.7-two")
    found = parse_deadlock(text.replace("WAITING FOR THIS LOCK", "WAITING FOR SOMETHING"), names)
    assert found is not None
    assert set(found.lines) == {
        f"T{n} waits for a lock that the report does not name" for n in (1, 2)
    }


@pytest.mark.parametrize(
    ("name", "cycle"),
    [("postgresql-18-two", ("T2", "T1")), ("postgresql-18-three", ("T3", "T1", "T2"))],
)
def test_an_errors_detail_names_the_cycle_and_what_each_waited_for(name, cycle):
    found = in_detail(*report(name))
    assert found is not None
    assert found.cycle == cycle
    for member, behind, line in zip(cycle, (*cycle[1:], cycle[0]), found.lines, strict=True):
        assert line.startswith(f"{member} waits for {behind}: ShareLock on transaction ")
    assert found.locks == tuple(AwaitedLock(member, "ShareLock") for member in cycle)


def test_a_detail_may_tell_of_no_deadlock():
    assert in_detail("", {}) is None
    assert in_detail("Key (id)=(1) already exists.", {}) is None


def test_a_backend_that_is_not_ours_is_named_by_its_number():
    detail, names = report("postgresql-18-two")
    found = in_detail(detail, {n: name for n, name in names.items() if name == "T1"})
    assert found is not None
    assert found.cycle[0].startswith("pid ")
    assert found.cycle[1] == "T1"


def test_who_waits_is_read_from_a_status_text():
    """T1 holds a row, T2 waits for it, T3 holds another and waits for nobody."""
    text, names = report("mariadb-11.8-waiting")
    assert [names.get(number) for number in waiting_in(text)] == ["T2"]


@pytest.mark.parametrize("name", ["mariadb-11.8-two", "mariadb-11.8-three"])
def test_who_waited_in_a_deadlock_of_the_past_does_not_wait_now(name):
    text, _ = report(name)
    assert "LOCK WAIT" in text
    assert list(waiting_in(text)) == []
