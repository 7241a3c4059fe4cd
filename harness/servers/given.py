"""A server that the user gives by its URL."""

from __future__ import annotations

from harness.engines.engine import Engine
from harness.servers.offer import Missing, Offer
from harness.servers.options import ServerOptions


def offer(engine: Engine, _options: ServerOptions) -> Offer | Missing:
    """The given server, if it is of this kind."""
    return Missing(engine, "given", "no URL was given", "--server URL, or HARNESS_SERVER=URL")
