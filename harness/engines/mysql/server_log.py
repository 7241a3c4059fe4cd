"""MySQL's and MariaDB's error log: its entries with their severity.

Each entry begins with a time, a thread and the severity in brackets (manual, "The Error Log");
what follows without such a beginning belongs to it. MySQL writes times in UTC with a 'Z', MariaDB
in the server's time zone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from harness.engines.monitoring import LogLine, SeenDeadlock, Severity
from harness.engines.mysql.deadlock import deadlock_of
from harness.engines.server_log import entries_of

_ENTRY = re.compile(
    r"^(?P<at>\d{4}-\d\d-\d\d[T ]\s?\d{1,2}:\d\d:\d\d(?:\.\d+)?)(?P<zone>Z|[+-]\d\d:\d\d)? "
    r"(?P<thread>\d+) \[(?P<word>Note|System|Warning|ERROR)\] (?P<text>.*)$"
)
_SEVERITIES: dict[str, Severity] = {"Warning": "warning", "ERROR": "error"}
_ANNOUNCED = "Transactions deadlock detected, dumping detailed information"
_DECIDED = "*** WE ROLL BACK TRANSACTION ("
_ORIGIN = re.compile(r"^(?:\[MY-\d+\] \[InnoDB\]|InnoDB:) ?")
_ENDING = re.compile(r"\[MY-010119\]|Aborting$|got signal \d+ ?;?")


def read_log(text: str, *, ended: bool = False) -> tuple[Sequence[LogLine], str]:
    r"""Whole entries, and the rest: the last entry may still go on, unless the log has `ended`.

    >>> text = "2024-10-15T09:00:00.5Z 0 [Warning] [MY-010068] [Server] CA certificate\n"
    >>> lines, rest = read_log(text + "2024-10-15 9:00:01 0 [ERROR] Aborting\n")
    >>> [(line.severity, line.word, line.text) for line in lines]
    [('warning', 'Warning', '[MY-010068] [Server] CA certificate')]
    >>> rest
    '2024-10-15 9:00:01 0 [ERROR] Aborting\n'
    """
    return entries_of(text, _begins, _entry, ended=ended)


def _begins(line: str) -> bool:
    return _ENTRY.match(line) is not None


def _entry(lines: Sequence[str]) -> LogLine | None:
    first = _ENTRY.match(lines[0])
    if first is None:
        return None
    text = "\n".join([first["text"], *lines[1:]])
    severity = _SEVERITIES.get(first["word"], "note")
    if severity == "error" and _ENDING.search(text):
        severity = "fatal"
    return LogLine(_seconds(first["at"], first["zone"]), severity, first["word"], text)


def _seconds(text: str, zone: str | None) -> float | None:
    """The time; without a zone it is the server's, which is UTC in servers that we start."""
    day, _, hours = text.replace("T", " ").partition(" ")
    try:
        at = datetime.fromisoformat(f"{day} {hours.strip():0>8}")
        offset = datetime.fromisoformat(f"{day}T00:00:00{zone}") if zone not in (None, "Z") else at
    except ValueError:
        return None
    return at.replace(tzinfo=offset.tzinfo or UTC).timestamp()


def deadlocks_in(lines: Sequence[LogLine]) -> Sequence[SeenDeadlock]:
    """The deadlocks that entries describe, if the server prints all (`innodb_print_all_deadlocks`).

    Each is in several entries, from its announcement to the victim. Those that have no beginning or
    no end are left out.
    """
    found: list[SeenDeadlock] = []
    texts: list[str] | None = None
    for line in lines:
        if _ANNOUNCED in line.text:
            texts = []
        elif texts is not None:
            texts.append(_ORIGIN.sub("", line.text))
            if _DECIDED in line.text:
                deadlock = deadlock_of("\n".join([*texts, ""]), line.at)
                found += [deadlock] if deadlock else []
                texts = None
    return found
