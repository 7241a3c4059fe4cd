"""The life of one server: the protocol that every source of servers gives.

Optional powers are protocols of their own: a server behind a given URL can be used but neither
killed nor paused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from sqlalchemy import URL

from harness.engines.engine import Engine, Profile


@runtime_checkable
class Server(Protocol):
    """One running server that answers queries on 127.0.0.1 (or where a given URL says)."""

    @property
    def engine(self) -> Engine:
        """What kind of server it is."""

    @property
    def source(self) -> str:
        """Where it came from, in words: 'docker mysql:9.7', 'PyPI wheel', 'given URL'."""

    @property
    def version(self) -> str:
        """The version the server itself reports, without the packager's additions."""

    @property
    def profile(self) -> Profile:
        """How it is configured."""

    def url(self, database: str | None = None) -> URL:
        """Where to connect as administrator. Never print it: it holds the password."""

    def stop(self) -> None:
        """End it and remove everything that was made for it. May be called again.

        Our own servers are killed: nothing of theirs will be read again, and a paused or broken one
        ends as well. `halt` is the orderly way. A given database is emptied.
        """


@runtime_checkable
class Killable(Protocol):
    """A server whose process we own."""

    def kill(self) -> None:
        """SIGKILL every process of the server; returns when they are gone. Data stay."""

    def halt(self) -> None:
        """Orderly shutdown that keeps the data, so that `restart` can follow."""

    def restart(self) -> None:
        """Start again on the same port and data and wait until a query is answered."""


@runtime_checkable
class Mortal(Protocol):
    """A server whose process we can look at."""

    def died(self) -> str | None:
        """How its main process ended, in words; None while it lives. Any thread may ask."""


@runtime_checkable
class Pausable(Protocol):
    """A server whose processes can be frozen."""

    def pause(self) -> None:
        """SIGSTOP every process of the server."""

    def resume(self) -> None:
        """SIGCONT every process of the server."""


@runtime_checkable
class Inspectable(Protocol):
    """A server whose files and tools we can reach."""

    def log(self) -> str:
        """The server's own log so far."""

    def run_tool(self, name: str, *arguments: str) -> str:
        """Run one of the server's own tools (`pg_dump`, `mysqldump`) beside it; its output."""

    @property
    def workplace(self) -> str:
        """A folder beside the server, perhaps in a container, where its tools can write."""

    @property
    def log_path(self) -> Path | None:
        """The log's file, if it is one on this machine."""
