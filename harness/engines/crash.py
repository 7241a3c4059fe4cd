"""What is to be known of an engine to kill it on purpose: values, and readers of its log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LoggedRecovery:
    """What a server's own log says of its last start after a kill."""

    replay_s: float | None = None
    """From the begin to the end of reading and applying the log; None if it does not say."""
    before_s: float | None = None
    """From its first word to the begin of that."""
    after_s: float | None = None
    """From the end of that until it let programs in."""
    undo_s: float | None = None
    """Rolling back what was open, as far as that goes on after the server has opened. None if it
    does not say, or has nothing of the kind."""
    resolution_s: float = 0.001
    """How finely the log tells the time."""


@dataclass(frozen=True)
class NoLog:
    """What stands in for a table without log."""

    means: str
    """In words."""
    of: Callable[[str], str]
    """The CREATE TABLE statement of an ordinary table, made one of a table without log."""
    mode: str
    """What becomes of it, by the name that the restart planner has for that."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings without which the server takes it in no transaction beside ordinary tables."""


@dataclass(frozen=True)
class Checkpoints:
    """When a server of this kind takes checkpoints by itself, and how that is changed."""

    away: Mapping[str, str]
    """Settings beyond the profile under which none comes while a few hundred MB are written."""
    away_means: str
    """What they do, and when one is taken all the same: a sentence."""
    every: Callable[[int], Mapping[str, str]]
    """Settings beyond the profile under which the log since the last checkpoint stays below about
    so many bytes."""
    every_means: str
    """What that setting does: a sentence."""


@dataclass(frozen=True)
class Crash:
    """How this kind of server is killed and watched."""

    settings: Mapping[str, str]
    """Settings beyond the profile, so that its log tells of its recovery."""
    controls: Mapping[str, Mapping[str, str]]
    """Settings under which acknowledged commits are lost at a kill, by name: the negative controls
    of a drill."""
    log_since_checkpoint: str
    """A query for the bytes of log written since the last checkpoint."""
    read_log: Callable[[str], LoggedRecovery]
    """Read a log from the start after a kill on."""
    without_log: NoLog
    checkpoint: Sequence[str]
    """Statements that take a checkpoint; the last one returns when it is done."""
    lock_table: str
    """A statement that locks the table {} for its session alone."""
    unlock: str
    """A statement that ends such a lock."""
    lock_limit: Callable[[int], Sequence[str]]
    """Statements by which a session waits for a lock at most so many seconds."""
    checkpoints: Checkpoints
    to_undo: str | None
    """A query for the number of transactions that were open at the kill and are not rolled back
    yet; None if nothing is rolled back after opening, see the capability 'undoes after opening'."""


def seconds_between(first: str, last: str) -> float:
    """Between two times as servers write them: ISO 8601, perhaps with a blank for the T.

    >>> seconds_between("2026-11-21 15:00:00", "2026-11-21 15:00:02")
    2.0
    """
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
