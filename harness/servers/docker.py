"""Servers in containers."""

from __future__ import annotations

from harness.engines.engine import Engine
from harness.servers.offer import Missing, Offer
from harness.servers.options import ServerOptions


def offer(engine: Engine, _options: ServerOptions) -> Offer | Missing:
    """The given server, if it is of this kind."""
    return Missing(engine, "docker", "not yet written")
