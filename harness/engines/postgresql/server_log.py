"""PostgreSQL's server log: its entries with their severity, and the deadlocks that it tells.

The prefix is the default one, `log_line_prefix = '%m [%p] '` (manual, "Error Reporting and
Logging"): time, time zone, process. Lines that begin with a tab go on the entry before; DETAIL,
CONTEXT, HINT and STATEMENT belong to the error before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from harness.engines.monitoring import DeadlockMember, LogLine, SeenDeadlock, Severity
from harness.engines.server_log import entries_of

_ENTRY = re.compile(
    r"^(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) (?P<zone>\S+) \[(?P<pid>\d+)\] "
    r"(?:\S.*? )??(?P<word>[A-Z][A-Z0-9]+):  (?P<text>.*)$"
)
_BELONGS = frozenset({"DETAIL", "HINT", "QUERY", "CONTEXT", "LOCATION", "STATEMENT", "BACKTRACE"})
_SEVERITIES: dict[str, Severity] = {
    "WARNING": "warning",
    "ERROR": "error",
    "FATAL": "fatal",
    "PANIC": "fatal",
}

_WAITS = re.compile(r"Process (\d+) waits for (.+?); blocked by process (\d+)\.")
_RAN = re.compile(r"^\s*Process (\d+): (.*)$", re.MULTILINE)
_RELATION = re.compile(r"in relation \"([^\"]+)\"")


def read_log(text: str, *, ended: bool = False) -> tuple[Sequence[LogLine], str]:
    r"""Whole entries, and the rest: the last entry may still go on, unless the log has `ended`.

    >>> lines, rest = read_log(
    ...     "2024-10-15 09:00:00.000 UTC [7] ERROR:  deadlock detected\n"
    ...     "2024-10-15 09:00:00.000 UTC [7] HINT:  See server log.\n"
    ...     "2024-10-15 09:00:01.000 UTC [1] LOG:  checkpoint starting\n"
    ... )
    >>> [(line.severity, line.word, line.text) for line in lines]
    [('error', 'ERROR', '[7] deadlock detected\nHINT:  See server log.')]
    >>> rest
    '2024-10-15 09:00:01.000 UTC [1] LOG:  checkpoint starting\n'
    """
    return entries_of(text, _begins, _entry, ended=ended)


def _begins(line: str) -> bool:
    found = _ENTRY.match(line)
    return found is not None and found["word"] not in _BELONGS


def _entry(lines: Sequence[str]) -> LogLine | None:
    first = _ENTRY.match(lines[0])
    if first is None:
        return None
    more = [f"{m['word']}:  {m['text']}" if (m := _ENTRY.match(x)) else x for x in lines[1:]]
    text = "\n".join([f"[{first['pid']}] {first['text']}", *more])
    severity = _SEVERITIES.get(first["word"], "note")
    return LogLine(_seconds(first["at"], first["zone"]), severity, first["word"], text)


def _seconds(text: str, zone: str) -> float | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()
    except (ValueError, ZoneInfoNotFoundError):
        return None


def deadlocks_in(lines: Sequence[LogLine]) -> Sequence[SeenDeadlock]:
    """The deadlocks in entries of the log (SQLSTATE 40P01), each with its cycle."""
    return list(_deadlocks(lines))


def _deadlocks(lines: Sequence[LogLine]) -> Iterator[SeenDeadlock]:
    for line in lines:
        waits = _WAITS.findall(line.text)
        if line.word != "ERROR" or not waits:
            continue
        victim = int(line.text.partition("]")[0].removeprefix("["))
        ran = {int(pid): said for pid, said in _RAN.findall(line.text)}
        relation = _RELATION.search(line.text)
        members = tuple(
            DeadlockMember(
                int(pid),
                lock,
                # The context is the victim's: which row it was about when it found the cycle.
                relation[1] if relation is not None and int(pid) == victim else None,
                ran.get(int(pid), ""),
            )
            for pid, lock, _ in waits
        )
        yield SeenDeadlock(f"{line.at} {victim}", members, line.at, victim)
