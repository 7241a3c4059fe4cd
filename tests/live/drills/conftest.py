"""Servers for drills: of our own, and never those that the other tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from live.cli.conftest import harness  # noqa: F401 - a fixture

from harness.engines import ENGINES, Profile
from harness.errors import SourceUnavailable
from harness.recovery.timing import KillableServer
from harness.servers import ladder
from harness.servers.options import ServerOptions


@contextmanager
def durable(name: str, **settings: str) -> Iterator[KillableServer]:
    """A server that is killed."""
    kind = ENGINES[name]
    options = ServerOptions.from_environment()
    offer = ladder.choose(kind, options)
    if offer.source == "given":
        pytest.skip("a given server is never killed")
    said = {**kind.crash.settings, **kind.crash.without_log.settings}
    said |= {**kind.loading.settings, **settings}
    with ladder.start(offer, Profile.DURABLE, settings=said, options=options) as server:
        assert isinstance(server, KillableServer)
        yield server


@pytest.fixture(scope="session")
def mortal(live_engine) -> Iterator[KillableServer]:
    """A durable server of each engine for all drills of this session."""
    try:
        with durable(live_engine) as server:
            yield server
    except SourceUnavailable as error:
        pytest.skip(error.explain())
