"""Servers for the tests of their own life. What a machine lacks is skipped with its reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import docker
import pytest

from harness.engines import ENGINES, Engine, Profile
from harness.servers import ladder
from harness.servers.offer import Missing, Offer
from harness.servers.options import ServerOptions
from harness.servers.server import Server

OWN_SOURCES = ("docker", "local", "wheel")
PAIRS = [
    pytest.param((engine, source), id=f"{engine}-{source}")
    for engine in ENGINES
    for source in OWN_SOURCES
    if source != "wheel" or engine == "postgresql"
]


@pytest.fixture(autouse=True, scope="session")
def register_of_its_own(tmp_path_factory) -> Iterator[None]:
    """The tests say 'nothing is left', whatever other runs are under way on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_STATE", str(tmp_path_factory.mktemp("state")))
        yield


def offered(engine: str, source: str) -> Offer:
    """The offer, or a skipped test."""
    answer = ladder.LADDER[source](ENGINES[engine], options(source))
    if isinstance(answer, Missing):
        pytest.skip(f"{engine} from {source}: {answer.reason}; {answer.hint}")
    return answer


def options(source: str | None = None, **more) -> ServerOptions:
    """What the environment says, for one source."""
    quiet = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    quiet.pop("HARNESS_SERVER", None)
    return ServerOptions.from_environment(quiet, source=source, **more)


@dataclass
class Running:
    """A server for several tests, each of which leaves it running."""

    engine: Engine
    source: str
    server: Server


@pytest.fixture(scope="module", params=PAIRS)
def running(request) -> Iterator[Running]:
    """A durable server of each kind from each of our own sources."""
    engine, source = request.param
    with ladder.start(offered(engine, source), Profile.DURABLE) as server:
        yield Running(ENGINES[engine], source, server)


@pytest.fixture(params=PAIRS)
def offer(request) -> Offer:
    """Each offer of our own sources."""
    return offered(*request.param)


@pytest.fixture(scope="module", params=list(ENGINES))
def lender(request) -> Iterator[Running]:
    """One exploring server of each kind, from whatever source is quickest here."""
    for source in ("local", "wheel", "docker"):
        answer = ladder.LADDER[source](ENGINES[request.param], options(source))
        if isinstance(answer, Offer):
            with ladder.start(answer, Profile.EXPLORING) as server:
                yield Running(ENGINES[request.param], source, server)
            return
    pytest.skip(f"{request.param}: neither local, nor in a wheel, nor in Docker")


@pytest.fixture
def docker_engine() -> Iterator[docker.DockerClient]:
    """A client of the Docker engine, or a skipped test."""
    try:
        client = docker.from_env()
    except docker.errors.DockerException as error:
        pytest.skip(f"no Docker engine: {error}")
    yield client
    client.close()
