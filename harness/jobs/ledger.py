"""The record of a night outside the server: a file that is only added to, on the disk at each line.

What the server holds after a crash is compared with this, so it must not be in the server. A line
is one JSON document; a line that a crash cut off is the last one and has no line end. It is passed
over by who reads, and removed by who goes on writing.

    {"no": 7, "at": "2024-10-15T19:00:01.250000+00:00", "event": "committed",
     "subject": "progress_update", "unit": 3, "detail": ""}
"""

from __future__ import annotations

import enum
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.closing import Closing
from harness.errors import HarnessError
from harness.loading.row_file import flush


class Event(enum.Enum):
    """What happened; its subject is a job, a milestone or a table."""

    REACHED = "reached"
    """A milestone: all before it is over, and its actions begin."""
    REDEFINED = "redefined"
    """A table."""
    CHECKPOINT = "checkpoint"
    """The milestone whose checkpoint is complete."""
    BACKUP = "backup"
    """The milestone whose copies of tables are complete; `detail` tells how much."""
    RESTORING = "restoring"
    """The milestone to which tables are about to be put back: what they hold is not known."""
    RESTORED = "restored"
    """The milestone to which they have been put back."""
    PASSED = "passed"
    """A milestone, with its actions."""
    STARTED = "started"
    """A job is about to run; `detail` tells the attempt."""
    COMMITTING = "committing"
    """A job's commit number `unit` is about to be sent."""
    COMMITTED = "committed"
    """The server has acknowledged it."""
    ENDED = "ended"
    """A job has come to its end; `detail` is what it returned."""
    FAILED = "failed"
    """A job has not; `detail` says why."""
    REOPENED = "reopened"
    """A job is to run again, as a plan says: what it has done does not count."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    no: int
    at: datetime
    event: Event
    subject: str
    unit: int = 0
    detail: str = ""

    def line(self) -> str:
        """As it stands in the file, without the line end."""
        return json.dumps(
            {
                "no": self.no,
                "at": self.at.isoformat(timespec="microseconds"),
                "event": self.event.value,
                "subject": self.subject,
                "unit": self.unit,
                "detail": self.detail,
            },
            ensure_ascii=False,
        )

    @classmethod
    def parse(cls, line: str) -> Entry:
        """The entry of a line.

        Raises:
            ValueError: it is none.
        """
        said: dict[str, Any] = json.loads(line)
        try:
            return cls(
                int(said["no"]),
                datetime.fromisoformat(said["at"]),
                Event(said["event"]),
                str(said["subject"]),
                int(said["unit"]),
                str(said["detail"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no entry: {error}") from error


class LedgerError(HarnessError):
    """A ledger cannot be read or written; what is in it cannot be relied on."""

    exit_status = 2


Watch = Callable[[Entry], None]
"""Told of each entry once it is on the disk, by the thread that it is about."""


class Ledger(Closing):
    """A ledger that is being written; of use to several threads."""

    def __init__(self, path: Path, watch: Watch | None = None) -> None:
        """Go on with a file, or begin it.

        Raises:
            LedgerError: there is a file, and it is no ledger; or it cannot be written.
        """
        self.path = path
        self._watch = watch
        self._lock = threading.Lock()
        self._entries, whole = _read(path) if path.exists() else ([], 0)
        try:
            self._file = path.open("ab")
            self._file.truncate(whole)
            flush(path.absolute().parent)
        except OSError as error:
            raise LedgerError(f"ledger '{path}': cannot be written: {error.strerror}") from error

    def record(self, event: Event, subject: str, *, unit: int = 0, detail: str = "") -> Entry:
        """Add an entry; it is on the disk when this returns.

        Raises:
            OSError: it is not.
        """
        with self._lock:
            entry = Entry(len(self._entries) + 1, datetime.now(UTC), event, subject, unit, detail)
            self._file.write(f"{entry.line()}\n".encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            self._entries.append(entry)
        if self._watch is not None:
            self._watch(entry)
        return entry

    @property
    def entries(self) -> Sequence[Entry]:
        """All entries so far, with those that were there before."""
        with self._lock:
            return tuple(self._entries)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_ledger(path: Path) -> Sequence[Entry]:
    """The entries of a file; a last line that was cut off is passed over.

    Raises:
        LedgerError: it cannot be read, or a line is no entry.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[list[Entry], int]:
    """The entries, and how many bytes they take."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LedgerError(f"ledger '{path}': cannot be read: {error.strerror}") from error
    whole = content.rfind(b"\n") + 1
    entries: list[Entry] = []
    for number, line in enumerate(content[:whole].splitlines(), start=1):
        try:
            entry = Entry.parse(line.decode())
        except ValueError as error:
            raise LedgerError(
                f"ledger '{path}': line {number} is no entry: {error}",
                "was it edited, or is it another file?",
            ) from error
        if entry.no != number:
            raise LedgerError(
                f"ledger '{path}': line {number} has number {entry.no}",
                "lines are missing, so it cannot be relied on",
            )
        entries.append(entry)
    return entries, whole
