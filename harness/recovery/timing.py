"""How long a recovery takes, in parts; how a killed server is started again.

- detection: from the last acknowledged commit to the first error that a program saw;
- refused starts: starts that ended before they answered, each of which is tried again;
- the start that succeeded, to its first answered query; the replay of the log is a part of it, by
  the server's own account;
- the first acknowledged commit. What is undone after the server has opened is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from harness.clock import now_s, pause
from harness.errors import NotReady, ServerError
from harness.servers.server import Inspectable, Killable, Server

_STARTS = 3
# What refused a start, a port that is still taken for one, may pass.
_REST_S = 0.3


@runtime_checkable
class KillableServer(Server, Killable, Inspectable, Protocol):
    """A server of our own, in the words of its protocols."""


@dataclass(frozen=True, slots=True)
class Started:
    """How a dead server came back."""

    refused: int
    """Starts that ended before a query was answered."""
    refused_s: float
    """They, and the rests behind them."""
    start_s: float
    """The start that succeeded: from its begin to the first query answered."""
    begun_s: float
    """When the first of all starts began, on the clock of `now_s`."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The parts of one recovery, in seconds; None where nobody said."""

    kill_s: float
    """How long the kill itself took, until every process was gone."""
    detection_s: float | None
    """From the last acknowledged commit to the first error that a program saw: an upper bound, as
    the server was still alive for some of it."""
    refused: int
    refused_s: float
    start_s: float
    replay_s: float | None
    """By the server's log: reading and applying its own log, a part of `start_s`."""
    undo_s: float | None
    """By the server's log: rolling back what was open, after it had opened."""
    log_resolution_s: float
    first_commit_s: float
    """From the begin of the first start to the first acknowledged commit: contains all but the kill
    and the detection."""
    log_bytes: int | None
    """Log since the last checkpoint, asked at most a twentieth of a second before the kill."""


def start_again(server: KillableServer) -> Started:
    """Start a dead server, again after a rest if a start is refused.

    Raises:
        NotReady: it lives and answers nobody: nothing is known.
        Ended: it ended by itself in the last of several starts.
        ServerError: it could not be started.
    """
    begun_s = now_s()
    for refused in range(_STARTS):
        start = now_s()
        try:
            server.restart()
        except NotReady:
            raise
        except ServerError:
            if refused == _STARTS - 1:
                raise
            pause(_REST_S)
            continue
        return Started(refused, start - begun_s, now_s() - start, begun_s)
    raise AssertionError("the last start returns or raises")
