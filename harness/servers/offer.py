"""What a source says when it is asked for a kind of server: an offer, or what is missing.

A source is *probed* before it is offered: programs are run, the Docker engine is asked, a given
server's version is read. An offer can be started; what is missing says how to get it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from harness.engines.engine import Engine, Profile
from harness.engines.recipe import Settings
from harness.errors import HarnessError
from harness.servers.options import ServerOptions, SourceName
from harness.servers.server import Server


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a server is to be started."""

    profile: Profile
    settings: Settings = field(default_factory=dict)
    """Settings beyond the profile's, and stronger than those."""
    port: int | None = None
    """The port on 127.0.0.1; None takes a free one."""
    start_limit_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A server that can be started here."""

    engine: Engine
    source: SourceName
    description: str
    """In words: 'docker mysql:9.7', 'local /usr/lib/postgresql/15/bin'."""
    version: str
    """As far as known before the start; may be empty."""
    open: Callable[[Wanted], Server]
    """Start one, wait until it answers. The caller stops it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A source does not have this kind of server."""

    engine: Engine
    source: SourceName
    reason: str
    hint: str = ""
    """How to get it."""
    error: HarnessError | None = None
    """Set if the user asked for exactly this, so that another source must not stand in."""


class Source(Protocol):
    """A place where servers come from."""

    def __call__(self, engine: Engine, options: ServerOptions, /) -> Offer | Missing:
        """Ask for a kind of server. Starts nothing and changes nothing."""
