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
from harness.servers.server import Server


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


@pytest.fixture(scope="session")
def cramped(live_engine) -> Iterator[Server]:
    """A server of each engine with the least memory for locks and the least space for its log."""
    kind, options = ENGINES[live_engine], ServerOptions.from_environment()
    try:
        offer = ladder.choose(kind, options)
    except SourceUnavailable as error:
        pytest.skip(error.explain())
    if offer.source == "given":
        pytest.skip("the settings of a given server are not ours")
    said = {**kind.lock_memory.too_small, **kind.log_space.too_small}
    with ladder.start(offer, Profile.EXPLORING, settings=said, options=options) as server:
        yield server
