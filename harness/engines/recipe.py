"""How a server of one kind is made and started: argument lists, configuration, statements.

Pure knowledge: nothing here starts a process or opens a connection. `harness.servers` does what a
recipe says, and knows no engine.

Terms: an *installation* is the programs of one server on this machine; a *layout* is where one
server keeps its things; a *claim* makes a fresh data directory ours, by giving its administrator
the password of this run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import URL

from harness.engines.engine import Profile

Version = tuple[int, ...]
Settings = Mapping[str, str]


def read_query(beside: str, name: str) -> str:
    """The text of `queries/<name>.sql` in the folder of the module file `beside`."""
    return (Path(beside).parent / "queries" / f"{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs of one server on this machine."""

    server: Path
    """The server program itself: '/usr/sbin/mysqld'."""
    version: Version
    """What the program says of itself."""

    @property
    def base(self) -> Path:
        """The folder that holds `bin` or `sbin` beside `share` and `lib`."""
        return self.server.parent.parent


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one server keeps its things. The folders are readable by its account only."""

    folder: Path
    """Holds everything below."""
    sockets: Path
    """Holds the unix socket. A folder of its own, as a socket's path may have 107 bytes only."""
    port: int
    """The TCP port on 127.0.0.1."""

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def exchange(self) -> Path:
        """Where the server and its tools may read and write files on the user's behalf."""
        return self.folder / "exchange"

    @property
    def claim(self) -> Path:
        """The statements that set the password; removed as soon as they have done so."""
        return self.folder / "claim.sql"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    @property
    def client(self) -> Path:
        """What the engine's own tools read to find the server and the password."""
        return self.folder / "client.conf"


@dataclass(frozen=True, slots=True)
class Command:
    """One program of an installation, run once."""

    program: str
    """Its name among the programs beside the server program."""
    arguments: tuple[str, ...]
    preamble: str = ""
    """What it reads first on its standard input."""
    inputs: tuple[tuple[str, ...], ...] = ()
    """What it reads next: files below the installation's base, each with its possible names."""
    postscript: str = ""
    """What it reads last."""


@dataclass(frozen=True)
class LocalRecipe:
    """How a server is run from programs on this machine."""

    programs: tuple[str, ...]
    """The names its server program goes by, best first."""
    folders: tuple[str, ...]
    """Where packages put it, as patterns below the root; where several match, newest first."""
    account: str
    """The user it runs as when the harness itself is root, if there is such a user."""
    package: str
    """How to get it, in words."""
    parse_program: Callable[[str], Version]
    """What `--version` printed, as numbers; raises ValueError for another kind of server."""
    initialise: Callable[[Installation, Path, Profile], Command]
    """Make a data directory in an empty folder, with an administrator without password."""
    files: Mapping[str, str]
    """What is written into a new data directory before its first start."""
    individual: tuple[str, ...]
    """Files of a new data directory that no copy may share; the server makes them again."""
    serve: Callable[[Installation, Layout, Settings, bool], tuple[str, ...]]
    """The server's arguments; the last value says whether this start must claim."""
    socket_url: Callable[[Layout], URL] | None
    """Where a claim is made by connecting; None if the server reads the claim from its file."""


@dataclass(frozen=True)
class ContainerRecipe:
    """How a server is run from an official image, or one with the same entry point."""

    image: str
    """What is used if nobody says otherwise: the newest long-term version's image."""
    version_variable: str
    """The image's variable that holds the version of the server in it."""
    environment: Callable[[str, Profile], Mapping[str, str]]
    """The variables for the entry point; the first value is the path of the password's file."""
    command: Callable[[Settings], tuple[str, ...]]
    """The command for the entry point."""
    place: str
    """Where the tools find the server, inside: an address, or the folder of the unix socket."""


@dataclass(frozen=True)
class ToolRecipe:
    """How the engine's own tools find a server without a password in their arguments."""

    configuration: Callable[[str, int | None, str], str]
    """The text of the client's file: the socket's folder or the host, the port, the password."""
    arguments: Callable[[str], tuple[str, ...]]
    """Arguments before all others, with the path of the client's file."""
    environment: Callable[[str, str, int | None], Mapping[str, str]]
    """Variables, with the path of the client's file, the socket's folder or host, the port."""


@dataclass(frozen=True)
class Statements:
    """The little SQL that a server's life needs, as text."""

    claim: Callable[[str, str], Sequence[str]]
    """Give the administrator this password: its name, then the password."""
    create_database: Callable[[str], str]
    drop_database: Callable[[str], str]
    anywhere: str
    """A database, or none, to which every user of the server may connect."""
    system_databases: frozenset[str]
    """Databases that are never ours to use."""
    read_only: str
    """A query that returns one row if the server takes no writes: the row says why."""
    objects: str
    """A query that lists what users made in this database: name, then the statement to drop it."""
    hold: str
    """A query that takes a lock on this database's name for its connection: true if taken."""
    before_drop: Sequence[str] = ()
    """What a session is told before it drops things in any order."""


@dataclass(frozen=True)
class Recipe:
    """How a server of one kind is made, started, configured and ended."""

    settings: Callable[[Profile, Version | None], Settings]
    """The server's settings in a profile; the version is None if not known before the start."""
    stop_signal: Literal["SIGTERM", "SIGINT"]
    """What asks for an orderly shutdown without waiting for sessions to leave."""
    local: LocalRecipe
    container: ContainerRecipe
    tools: ToolRecipe
    statements: Statements
    patience: Mapping[str, object]
    """What the driver is given so that a silent server cannot hold us for ever."""
    schemes: frozenset[str]
    """The first part of URLs that may lead to a server of this kind."""
