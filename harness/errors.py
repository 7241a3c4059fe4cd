"""What can go wrong, and what to do next.

    HarnessError                      an operation failed; `hints` say what to look at next
    ├── UsageError                    the call is wrong: exit status 64
    ├── ServerError                   a server could not be had, started, reached or ended
    │   ├── SourceUnavailable         this machine does not offer what was asked for
    │   ├── NotReady (TimeoutError)   started, but no query was answered before the deadline
    │   ├── Ended                     started, and ended by itself before it answered
    │   └── Refused                   a given server is not ours to use
    ├── DeadlineExceeded (TimeoutError)  something neither happened nor failed in time
    ├── ScheduleDiverged              a recorded schedule did not fit what the engine allowed
    └── ProgramMisbehaved             a program did what cannot be explored (second connection, …)

Failures of the outside world are these; a bug of the harness is an assertion and shows its
traceback.
"""

from __future__ import annotations


class HarnessError(Exception):
    """An operation of the harness failed; `hints` say what to look at next.

    >>> print(HarnessError("port 3306: taken", "is another server running?").explain())
    port 3306: taken
      hint: is another server running?
    """

    exit_status = 70

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints

    def explain(self) -> str:
        """The whole text as a terminal shows it: the fact, then one line for each hint."""
        return "\n".join([self.message, *(f"  hint: {hint}" for hint in self.hints)])


class UsageError(HarnessError):
    """The call itself is wrong: nothing was started."""

    exit_status = 64


class ServerError(HarnessError):
    """A server could not be had, started, reached or ended: the answer stays unknown."""

    exit_status = 2


class SourceUnavailable(ServerError):
    """This machine does not offer the server that was asked for."""


class NotReady(ServerError, TimeoutError):
    """A server was started, but answered no query before the deadline."""


class Ended(ServerError):
    """A server was started, and ended by itself before it answered a query."""


class Refused(ServerError):
    """A given server or database is not ours to use; it was left as it was."""

    exit_status = 64


class DeadlineExceeded(HarnessError, TimeoutError):
    """Something neither happened nor failed before its deadline."""

    exit_status = 2


class ScheduleDiverged(HarnessError):
    """A recorded schedule did not fit what the engine allowed at some turn."""

    exit_status = 2


class ProgramMisbehaved(HarnessError):
    """A program did what cannot be explored; the message says what it did."""

    exit_status = 2
