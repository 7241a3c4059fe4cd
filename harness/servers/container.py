"""One server in a container, through testcontainers.

Its port is published on 127.0.0.1 only and stays the same over a restart. The password reaches the
entry point as a file copied into the container before its start, because a container's variables
show in `docker inspect`. Containers and volumes carry labels by which the reaper and `clean` know
them; testcontainers' own reaper, Ryuk, would need one more image and is not used.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from requests.exceptions import RequestException
from sqlalchemy import URL
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from harness.clock import Deadline, poll
from harness.engines.engine import Engine, Profile
from harness.engines.recipe import Settings, Version
from harness.errors import ServerError, SourceUnavailable
from harness.servers import ports, readiness
from harness.servers.docker_engine import unavailable, words
from harness.servers.guard import Guard
from harness.servers.offer import Wanted
from harness.servers.owner import Owner
from harness.servers.register import LABEL_ID, LABEL_OWNER

FOLDER = "/run/harness"
PASSWORD = f"{FOLDER}/password"
CLIENT = f"{FOLDER}/client.conf"
_HALT_LIMIT_S = 60.0
_ATTEMPTS = 4


class DockerServer:
    """One server in a container; Killable, Pausable and Inspectable as well."""

    log_path: Path | None = None

    def __init__(self, engine: Engine, image: str, version: Version | None, wanted: Wanted) -> None:
        self.engine = engine
        self.source = f"docker {image}"
        self.profile: Profile = wanted.profile
        self.version = ""
        self._image = image
        self._start_limit_s = wanted.start_limit_s
        self._settings: Settings = {
            **engine.recipe.settings(wanted.profile, version),
            **wanted.settings,
        }
        self._password = secrets.token_urlsafe(24)
        self._port = wanted.port or ports.free()
        self._container: DockerContainer | None = None
        self._guard = Guard(f"{engine.name}, {self.source}", container=True)

    def open(self, *, port_is_fixed: bool) -> None:
        """Make and start the container, wait for the first answer.

        Raises:
            ServerError: it did not start; nothing is left of it.
        """
        try:
            for attempt in range(1, _ATTEMPTS + 1):
                if self._run(last=port_is_fixed or attempt == _ATTEMPTS):
                    break
                self._port = ports.free()
            self._wait_ready()
            self._tidy()
        except (DockerException, RequestException) as error:
            self.stop()
            raise ServerError(f"{self._subject}: {words(error)}") from error
        except BaseException:
            self.stop()
            raise

    def url(self, database: str | None = None) -> URL:
        """Where to connect as administrator. Never print it: it holds the password."""
        return self.engine.url(ports.LOOPBACK, self._port, self._password, database)

    def stop(self) -> None:
        """Kill it and remove the container and its volumes. May be called again."""
        if self._container is not None:
            self._container.get_docker_client().client.close()
        self._guard.release()

    def kill(self) -> None:
        """SIGKILL every process of the server; returns when they are gone. Data stay.

        Raises:
            ServerError: Docker refused, or its container is gone.
        """
        with self._asking_docker("cannot be killed"):
            self._signal("SIGKILL")

    def halt(self) -> None:
        """Orderly shutdown that keeps the data, so that `restart` can follow.

        Raises:
            DeadlineExceeded: it did not end in time; it still runs.
            ServerError: Docker refused, or its container is gone.
        """
        with self._asking_docker("cannot be halted"):
            if self._state()["Paused"]:
                self.resume()
            self._signal(self.engine.recipe.stop_signal)

    def restart(self) -> None:
        """Start again on the same port and data and wait until a query is answered.

        Raises:
            ServerError: it did not start, Docker refused, or its container is gone.
        """
        with self._asking_docker("cannot be started again"):
            if self._state()["Running"]:
                self.halt()
            self._wrapped().start()
            self._wait_ready()

    def pause(self) -> None:
        """Freeze every process of the server (`docker pause`).

        Raises:
            ServerError: Docker refused, or its container is gone.
        """
        with self._asking_docker("cannot be paused"):
            self._wrapped().pause()

    def died(self) -> str | None:
        """How its main process ended, in words; None while it lives. Any thread may ask."""
        try:
            return self._died()
        except (DockerException, RequestException) as error:
            return f"its container is gone ({words(error)})"

    def resume(self) -> None:
        """Let every process of the server go on.

        Raises:
            ServerError: Docker refused, or its container is gone.
        """
        with self._asking_docker("cannot go on"):
            self._wrapped().unpause()

    def log(self) -> str:
        """What the container has said so far.

        Raises:
            ServerError: the container is gone.
        """
        with self._asking_docker("its log cannot be read"):
            return bytes(self._wrapped().logs()).decode(errors="replace")

    @property
    def workplace(self) -> str:
        """A folder inside the container that tools can write to; gone after `stop`."""
        return FOLDER

    def run_tool(self, name: str, *arguments: str) -> str:
        """Run one of the server's own tools inside the container; its output.

        Raises:
            ServerError: it ended with another exit status than 0, or is not in the image.
        """
        tools, place = self.engine.recipe.tools, self.engine.recipe.container.place
        with self._asking_docker(f"{name} cannot be run"):
            done: Any = self._wrapped().exec_run(
                [name, *tools.arguments(CLIENT), *arguments],
                environment=dict(tools.environment(CLIENT, place, self.engine.port)),
                demux=True,
            )
        output, errors = (part or b"" for part in done.output)
        if done.exit_code != 0:
            said = (errors or output).decode(errors="replace").strip().split("\n")[-1]
            raise ServerError(
                f"{name}: ended with exit status {done.exit_code}", f"it said: {said[:300]}"
            )
        return str(output.decode(errors="replace"))

    @property
    def _subject(self) -> str:
        return f"{self.engine.name} ({self.source})"

    @contextmanager
    def _asking_docker(self, what: str) -> Iterator[None]:
        try:
            yield
        except (DockerException, RequestException) as error:
            raise ServerError(f"{self._subject}: {what}: {words(error)}") from error

    def _wrapped(self) -> Container:
        assert self._container is not None, "not started"
        return self._container.get_wrapped_container()

    def _run(self, *, last: bool) -> bool:
        """Make and start a container; False if its port was taken meanwhile."""
        self._container = self._new_container()
        try:
            with self._guard.request(), _without_ryuk():
                self._container.start()
        except NotFound as error:
            raise SourceUnavailable(
                f"image {self._image}: cannot be had ({words(error)})",
                "`docker/prepare` builds it from Debian packages where no registry can be reached",
            ) from error
        except APIError as error:
            self._container.stop()
            if not ports.taken(self._port):
                raise
            if last:
                raise ServerError(
                    f"{self._subject}: port {self._port} is taken",
                    "does another server listen there? `ss -ltnp` shows it",
                ) from error
            return False
        return True

    def _new_container(self) -> DockerContainer:
        recipe = self.engine.recipe
        place = recipe.container.place
        client = recipe.tools.configuration(place, self.engine.port, self._password)
        try:
            container = DockerContainer(self._image)
        except (DockerException, RequestException) as error:
            raise unavailable(error) from error
        container.with_envs(**recipe.container.environment(PASSWORD, self.profile))
        container.with_command(list(recipe.container.command(self._settings)))
        container.with_copy_into_container(self._password.encode(), PASSWORD, 0o600)
        container.with_copy_into_container(client.encode(), CLIENT, 0o600)
        container.with_kwargs(
            labels={
                LABEL_ID: self._guard.record.name,
                LABEL_OWNER: str(Owner.current()),
            }
        )
        # docker-py takes an address with the port, and testcontainers hands on what it is given.
        address = (ports.LOOPBACK, self._port)
        container.ports = {f"{self.engine.port}/tcp": address}  # type: ignore[dict-item]
        return container

    def _tidy(self) -> None:
        """Empty the password's file: the entry point has read it, and wants it to be there."""
        self._wrapped().exec_run(["cp", "/dev/null", PASSWORD])

    def _wait_ready(self) -> None:
        try:
            text = readiness.wait_ready(
                self.engine,
                self.url(),
                self._subject,
                died=self._died,
                seen=self._seen,
                limit_s=self._start_limit_s,
                every_s=0.05,
            )
        except ServerError as error:
            raise type(error)(error.message, *error.hints, *self._evidence()) from None
        self.version = ".".join(str(number) for number in self.engine.parse_version(text))

    def _state(self) -> dict[str, object]:
        container = self._wrapped()
        container.reload()
        return dict(container.attrs["State"])

    def _died(self) -> str | None:
        state = self._state()
        if state["Running"]:
            return None
        memory = ", out of memory" if state.get("OOMKilled") else ""
        return f"exit status {state['ExitCode']}{memory}"

    def _seen(self) -> str:
        return f"container {self._wrapped().short_id} is running, port {self._port} is published"

    def _evidence(self) -> list[str]:
        return readiness.last_words(self.log())

    def _signal(self, name: str) -> None:
        if not self._state()["Running"]:
            return
        self._wrapped().kill(signal=name)
        deadline = Deadline.after(_HALT_LIMIT_S)
        for _ in poll(deadline, f"{self._subject}, end after {name}", every_s=0.02):
            if not self._state()["Running"]:
                return


@contextmanager
def _without_ryuk() -> Iterator[None]:
    """Do without testcontainers' reaper for one start; the rest of the process keeps its choice."""
    before = testcontainers_config.ryuk_disabled
    testcontainers_config.ryuk_disabled = True
    try:
        yield
    finally:
        testcontainers_config.ryuk_disabled = before


def open_container(
    engine: Engine, image: str, version: Version | None, wanted: Wanted
) -> DockerServer:
    """Start a server from an image; it is running and ours when this returns.

    Raises:
        ServerError: it did not start; nothing is left of it.
    """
    server = DockerServer(engine, image, version, wanted)
    server.open(port_is_fixed=wanted.port is not None)
    return server
