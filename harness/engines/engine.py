"""What one kind of engine says and needs, as values and small functions.

An `Engine` is composed in `engines/mysql/` (MySQL and MariaDB, which differ in capabilities) and
`engines/postgresql/`; both folders hold the same files. Nothing outside this room names an engine.

Terms: a *recipe* says how a server of this kind is started (container or local binaries); a
*profile* is a set of server settings: `durable` (as in production: every acknowledged commit
survives a kill) or `exploring` (quick: no flush at commit, quick deadlock detection); a *probe*
asks the server who waits; a *refusal* is the server's own word that a transaction must be given up.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import URL

from harness.engines.client import Client
from harness.engines.crash import Crash
from harness.engines.loading import Loading
from harness.engines.lock_memory import LockMemory
from harness.engines.log_space import LogSpace
from harness.engines.measuring import Measuring
from harness.engines.monitoring import Monitoring
from harness.engines.partitioning import Partitioning
from harness.engines.replacing import Replacing
from harness.engines.storage import Storage
from harness.engines.trouble import Trouble
from harness.engines.unit_log import UnitLog

if TYPE_CHECKING:
    from harness.engines.recipe import Recipe
    from harness.locks import LockProbe
    from harness.outcome import Refusal


class Profile(enum.Enum):
    """How a server is configured."""

    DURABLE = "durable"
    EXPLORING = "exploring"


class Isolation(enum.Enum):
    """The four levels of SQL-92, spelt as SQLAlchemy spells them; the short name for people."""

    READ_UNCOMMITTED = "READ UNCOMMITTED"
    READ_COMMITTED = "READ COMMITTED"
    REPEATABLE_READ = "REPEATABLE READ"
    SERIALIZABLE = "SERIALIZABLE"

    @property
    def title(self) -> str:
        """As a report prints it: 'read committed'."""
        return self.value.lower()

    @property
    def slug(self) -> str:
        """As a command line takes it: 'read-committed'."""
        return self.value.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Capability:
    """Whether an engine can do something, and a sentence that says so to a person."""

    present: bool
    sentence: str
    since: tuple[int, ...] = ()
    """The first version that has it."""


@dataclass(frozen=True)
class Engine:
    """One kind of server: pure knowledge, no connection."""

    name: str
    """The short name used on the command line and in reports: 'mysql'."""
    title: str
    """As its makers write it: 'MySQL'."""
    driver: str
    """SQLAlchemy's dialect and driver: 'mysql+pymysql'."""
    sql_dialect: str
    """The dialect's name in sqlglot."""
    driver_error: type[Exception]
    """The driver's own base of all errors (PEP 249)."""
    port: int
    """The port it listens on inside a container."""
    administrator: str
    """The user that may do everything."""
    maintenance_database: str
    """A database that is always there to connect to."""
    oldest_supported: tuple[int, ...]
    """Versions below this are refused."""
    session_query: str
    """A query that returns the number by which the server knows the asking connection."""
    version_query: str
    """A query that returns the server's version as text."""
    parse_version: Callable[[str], tuple[int, ...]]
    """The version query's answer as numbers; raises ValueError for another kind of server."""
    recipe: Recipe
    client: Client
    """Its own command-line client."""
    probe: Callable[[URL], LockProbe]
    """A lock probe with a connection of its own; the caller closes it."""
    classify: Callable[[BaseException], Refusal | None]
    """The refusal that a driver's error means, by its code; None if it means something else."""
    trouble_of: Callable[[BaseException], Trouble]
    """What a driver's error says of the server, by its code."""
    detail_of: Callable[[BaseException], str]
    """What the server said beside an error's message; empty if nothing."""
    connect_arguments: Mapping[str, object]
    """What the driver is given at connect: time-outs, character set."""
    truncate: Callable[[Sequence[str]], Sequence[str]]
    """Statements that empty tables so that nothing of their old rows is left."""
    truncate_reaches_references: bool
    """Whether a table can be emptied only together with those that reference it."""
    views_keep_tables: bool
    """Whether a table that a view reads is dropped only together with the view (CASCADE)."""
    without_foreign_keys: tuple[Sequence[str], Sequence[str]]
    """Statements around work during which foreign keys are not checked; may be empty."""
    loading: Loading
    """How whole files of rows get into its tables."""
    crash: Crash
    """How it is killed on purpose, and watched then."""
    monitoring: Monitoring
    """How a running server is watched."""
    measuring: Measuring
    """What it tells while a run is measured."""
    replacing: Replacing
    """How tables are replaced by what stays of them."""
    partitioning: Partitioning
    """How a partition is replaced by what stays of it."""
    lock_memory: LockMemory
    """What the memory for locks holds, and how large it must be."""
    log_space: LogSpace
    """How much space the log has, and what happens at its end."""
    unit_log: UnitLog
    """How much log one unit of work may write."""
    capabilities: Mapping[str, Capability]
    working_arguments: Mapping[str, object] = field(default_factory=dict)
    """What the driver is given beside `connect_arguments` where programs run at speed: what an
    application leaves as it is, and exploring changes."""
    storage: Storage = field(default_factory=Storage)
    """How rows are stored, as far as it decides how tables are put back."""
    loopback_options: Mapping[str, str] = field(default_factory=dict)
    """What the URL of a server that we started says to the driver: it never leaves this machine."""

    def can(self, capability: str, version: str) -> bool:
        """Whether a server of this kind and version has a capability."""
        known = self.capabilities[capability]
        return known.present and tuple(map(int, re.findall(r"\d+", version))) >= known.since

    def url(self, host: str, port: int, password: str, database: str | None = None) -> URL:
        """The URL of a database on a server that we started, as its administrator."""
        return URL.create(
            self.driver,
            username=self.administrator,
            password=password,
            host=host,
            port=port,
            database=database if database is not None else self.maintenance_database,
            query=self.loopback_options,
        )
