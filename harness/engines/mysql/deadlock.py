"""Read InnoDB's own report of a deadlock (`SHOW ENGINE INNODB STATUS`, "LATEST DETECTED DEADLOCK").

MySQL and MariaDB print the same section with small differences; both name each transaction's
connection and the lock that it waited for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.engines.monitoring import DeadlockMember, SeenDeadlock
from harness.locks import AwaitedLock, DeadlockReport, SessionName

_SECTION = re.compile(
    r"LATEST DETECTED DEADLOCK\n-+\n(?P<text>.*?)\n-+\n(?:TRANSACTIONS|BACKGROUND|FILE I/O)",
    re.DOTALL,
)
_MEMBER = re.compile(r"\*\*\* \((?P<number>\d+)\) TRANSACTION:\n")
_THREAD = re.compile(r"(?:MySQL|MariaDB) thread id (?P<id>\d+)")
_AWAITED = re.compile(
    r"WAITING FOR THIS LOCK TO BE GRANTED:\n"
    r"(?:RECORD LOCKS .*? index (?P<index>\S+) of table (?P<table>\S+) .*?lock_mode (?P<mode>.*?)"
    r"|TABLE LOCK table (?P<whole>\S+) .*?lock mode (?P<table_mode>.*?))(?: waiting)?\n",
)

_STATEMENT = re.compile(
    r"^(?:MySQL|MariaDB) thread id .*\n(?P<text>(?:(?!\*\*\*).*\n)*)", re.MULTILINE
)
_HEADING = re.compile(r"^ *(\*\*\* .*?) *$", re.MULTILINE)
_TRANSACTION = re.compile(r"^TRANSACTION (\d+)", re.MULTILINE)
_VICTIM = re.compile(r"WE ROLL BACK TRANSACTION \((\d+)\)")
_LONGEST_STATEMENT = 500


def seen_deadlock(status: str) -> SeenDeadlock | None:
    """The newest deadlock in a status text, by connection numbers; None if it tells of none.

    Its time is not told as a value: the text has whole seconds without a time zone. Nor is the
    victim on MariaDB: the number in its text was seen to be another member's (11.8.6).
    """
    section = _SECTION.search(status)
    return None if section is None else deadlock_of(section["text"])


def deadlock_of(text: str, at: float | None = None) -> SeenDeadlock | None:
    """A deadlock from InnoDB's description of it, in the status text or in the error log."""
    # In the log blanks or an empty line stand around each heading.
    text = re.sub(r"\n\n+", "\n", _HEADING.sub(r"\1", text))
    parts = _MEMBER.split(text)[1:]
    members = tuple(found for part in parts[1::2] if (found := _member(part)))
    if not members:
        return None
    victim = _VICTIM.search(text)
    number = int(victim[1]) - 1 if victim and "MariaDB thread" not in text else -1
    return SeenDeadlock(
        # A transaction has one deadlock at most, and its number is never given again.
        " ".join(_TRANSACTION.findall(text)),
        members,
        at,
        members[number].connection if 0 <= number < len(members) else None,
    )


def _member(text: str) -> DeadlockMember | None:
    thread = _THREAD.search(text)
    if thread is None:
        return None
    lock, ran = _lock("", text), _STATEMENT.search(text)
    statement = " ".join(ran["text"].split())[:_LONGEST_STATEMENT] if ran else ""
    return DeadlockMember(
        int(thread["id"]), _readable(lock), lock.table if lock else None, statement
    )


def parse_deadlock(status: str, names: Mapping[int, SessionName]) -> DeadlockReport | None:
    """The newest deadlock in a status text; None if it tells of none.

    `names` are our sessions by connection id.
    """
    section = _SECTION.search(status)
    if section is None:
        return None
    parts = _MEMBER.split(section["text"])[1:]
    cycle: list[SessionName] = []
    lines: list[str] = []
    locks: list[AwaitedLock] = []
    for text in parts[1::2]:
        thread = _THREAD.search(text)
        if thread is None:
            continue
        name = names.get(int(thread["id"]), f"connection {thread['id']}")
        cycle.append(name)
        lock = _lock(name, text)
        locks += [lock] if lock else []
        lines.append(f"{name} waits for {_readable(lock)}")
    return DeadlockReport(tuple(cycle), tuple(lines), tuple(locks))


def _lock(name: SessionName, text: str) -> AwaitedLock | None:
    awaited = _AWAITED.search(text)
    if awaited is None:
        return None
    if awaited["whole"]:
        return AwaitedLock(name, awaited["table_mode"], _bare(awaited["whole"]))
    mode, gap = awaited["mode"], "insert intention" in awaited["mode"]
    return AwaitedLock(name, mode, _bare(awaited["table"]), awaited["index"], gap)


def _readable(lock: AwaitedLock | None) -> str:
    if lock is None:
        return "a lock that the report does not name"
    if lock.index is None:
        return f"table lock {lock.mode} on {lock.table}"
    return f"record lock {lock.mode} on {lock.table}.{lock.index}"


def _bare(table: str) -> str:
    return table.replace("`", "").rpartition(".")[2]
