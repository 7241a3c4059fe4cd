"""Whatever Docker refuses is said of the server, and is no bug of the harness."""

from __future__ import annotations

import pytest
from docker.errors import APIError, NotFound
from requests.exceptions import ConnectionError as NoConnection

from harness.engines import ENGINES, Profile
from harness.errors import Ended, ServerError
from harness.servers.container import DockerServer
from harness.servers.offer import Wanted


class Refusing:
    """A container that Docker does nothing with."""

    def __init__(self, error):
        self.error = error

    def get_wrapped_container(self):
        return self

    def __getattr__(self, _name):
        raise self.error


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    made = DockerServer(ENGINES["mysql"], "mysql:9.7", None, Wanted(Profile.DURABLE))
    yield made
    made._container = None


@pytest.mark.parametrize("verb", ["kill", "halt", "restart", "pause", "resume", "log"])
@pytest.mark.parametrize(
    "error",
    [APIError("500"), NotFound("no such container"), NoConnection("the engine is gone")],
    ids=lambda error: type(error).__name__,
)
def test_what_docker_refuses_is_an_error_of_the_server(server, verb, error):
    server._container = Refusing(error)
    with pytest.raises(ServerError, match=r"^mysql \(docker mysql:9\.7\): ") as raised:
        getattr(server, verb)()
    assert not isinstance(raised.value, Ended)  # of the server itself nothing is known


def test_a_tool_that_docker_does_not_run_is_told(server):
    server._container = Refusing(APIError("500"))
    with pytest.raises(ServerError, match="mysqldump cannot be run"):
        server.run_tool("mysqldump")
