"""Deadlocks in InnoDB's status text, by connection: from texts of real servers."""

from pathlib import Path

import pytest

from harness.engines.mysql.deadlock import seen_deadlock

REPORTS = Path(__file__).parents[1] / "engines" / "reports"


def status(name: str) -> str:
    return (REPORTS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "connections", "victim"),
    [
        ("mysql-9.7-two", (12, 13), 13),
        ("mariadb-11.8-three", (10, 11, 12), None),
    ],
)
def test_members_with_tables_and_statements(name, connections, victim) -> None:
    found = seen_deadlock(status(name))
    assert tuple(member.connection for member in found.members) == connections
    assert found.victim == victim
    for member in found.members:
        assert member.table == "account"
        assert member.waits_for.startswith("record lock X locks rec but not gap on account.")
        assert member.statement.startswith("update account set balance=")
        assert "\n" not in member.statement


def test_a_deadlock_is_known_again_and_told_from_another() -> None:
    keys = [seen_deadlock(status(f"mysql-9.7-{name}")).key for name in ("two", "two", "three")]
    assert keys[0] == keys[1] != keys[2]


def test_a_status_without_a_deadlock_tells_none() -> None:
    assert seen_deadlock(status("mysql-9.7-waiting")) is None
    assert seen_deadlock("") is None
