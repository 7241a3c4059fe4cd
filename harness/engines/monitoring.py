"""What a running server can be asked while work goes on: figures, lock waits, deadlocks, its log.

A *figure* is one number at one moment. A *gauge* means something by itself (connections); a
*counter* only grows, and its growth is what is told (log bytes); a *share* is what two counters
grew by, divided. Not every engine has every figure: what it has not is told with a sentence and
never as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sqlalchemy import URL

Kind = Literal["gauge", "counter", "share"]
Severity = Literal["note", "warning", "error", "fatal"]

SEVERITIES: tuple[Severity, ...] = ("fatal", "error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is measured."""

    name: str
    """Its key in documents, with the unit last."""
    title: str
    """What a table calls it."""
    unit: str
    """Of the value, or of what a counter counts: '', 's' or 'bytes'."""
    kind: Kind
    of: tuple[str, str] = ("", "")
    """For a share: the counter above the line and the one below; told is one minus that."""


FIGURES: Mapping[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure("connections", "connections", "", "gauge"),
        Figure("running", "statements running", "", "gauge"),
        Figure("lock_waits", "sessions waiting for a lock", "", "gauge"),
        Figure("longest_transaction_s", "longest transaction", "s", "gauge"),
        Figure("log_bytes", "log written", "bytes", "counter"),
        Figure("binary_log_bytes", "binary log written", "bytes", "counter"),
        Figure("checkpoint_age_bytes", "log since the checkpoint", "bytes", "gauge"),
        Figure("checkpointed_bytes", "log passed by checkpoints", "bytes", "counter"),
        Figure("checkpoints", "checkpoints", "", "counter"),
        Figure("buffer_requests", "pages asked of the buffer", "", "counter"),
        Figure("buffer_reads", "pages not in the buffer", "", "counter"),
        Figure("buffer_hits", "buffer hits", "", "share", of=("buffer_reads", "buffer_requests")),
        Figure("row_lock_waits", "row lock waits counted", "", "counter"),
        Figure("row_lock_wait_s", "row lock waits summed", "s", "counter"),
        Figure("deadlocks", "deadlocks counted", "", "counter"),
        Figure("disk_bytes", "data on disk", "bytes", "gauge"),
        Figure("log_disk_bytes", "log files on disk", "bytes", "gauge"),
    )
}
"""All figures, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class SeenWait:
    """One connection waits for a lock, as the server says it at one moment."""

    key: str
    """The same for the same wait each time it is seen."""
    waiter: int
    blockers: tuple[int, ...]
    """Connections that hold what it wants or stand before it; empty if it is not told."""
    table: str | None
    """Without its schema; None if the server does not tell."""
    on: str
    """The lock in the server's words."""
    waited_s: float | None = None
    """For how long, as the server says; None if it does not say so finely."""


@dataclass(frozen=True, slots=True)
class DeadlockMember:
    """One connection of a deadlock."""

    connection: int
    waits_for: str
    """The lock that it waited for, in words."""
    table: str | None = None
    statement: str = ""


@dataclass(frozen=True, slots=True)
class SeenDeadlock:
    """A deadlock as the server's log or status tells it."""

    key: str
    """The same for the same deadlock wherever it is read."""
    members: tuple[DeadlockMember, ...]
    """Each waits for the next, the last for the first, in the server's order."""
    at: float | None = None
    """When, in seconds since 1970 by the server's clock; None if not told."""
    victim: int | None = None
    """The connection whose transaction was given up."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of a server's error log, with the lines that belong to it."""

    at: float | None
    """Seconds since 1970 by the server's clock."""
    severity: Severity
    word: str
    """The severity in the server's own word."""
    text: str


@dataclass(frozen=True)
class Reading:
    """What a server answered at one moment."""

    values: Mapping[str, float]
    """Figures by name: gauges as they are, counters since whenever the server began to count."""
    missing: Mapping[str, str]
    """Figures that it does not give, each with a sentence."""
    waits: Sequence[SeenWait] = ()
    deadlocks: Sequence[SeenDeadlock] = ()
    """Deadlocks in its status that were not there at the reading before."""
    programs: Mapping[int, str] = field(default_factory=dict)
    """Names that connections carry: those that are in waits and deadlocks."""


class FigureProbe(Protocol):
    """Reads the figures of one server over a connection of its own."""

    def read(self, *, slowly: bool) -> Reading:
        """All figures; `slowly` asks for those too that cost more (sizes on disk).

        Raises the driver's error if the server does not answer.
        """

    def interrupt(self) -> None:
        """Have a reading that another thread waits for end with an error."""

    def close(self) -> None:
        """Close the connection."""


class LogReader(Protocol):
    """Takes a piece of a server's log apart."""

    def __call__(self, text: str, *, ended: bool = False) -> tuple[Sequence[LogLine], str]:
        """Whole entries, and the rest: the last may still go on, unless the log has `ended`."""


@dataclass(frozen=True)
class Monitoring:
    """How a server of one kind is watched."""

    probe: Callable[[URL], FigureProbe]
    """A probe with a connection of its own; the caller closes it."""
    read_log: LogReader
    deadlocks_in: Callable[[Sequence[LogLine]], Sequence[SeenDeadlock]]
    """The deadlocks that entries of the log tell of, as far as they tell them whole."""
    all_deadlocks: Mapping[str, str]
    """Server settings with which its log tells every deadlock; empty if it does so anyway."""
    naming: Callable[[str], Mapping[str, object]]
    """What the driver is given at connect so that the connection carries a program's name."""
    naming_sentence: str
    """Whether a server shows these names."""
