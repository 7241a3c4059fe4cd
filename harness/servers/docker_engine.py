"""The Docker engine: reached, or the reason why not."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import docker
from docker import DockerClient
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from requests.exceptions import RequestException
from testcontainers.core.docker_client import get_docker_host

from harness.errors import ServerError, SourceUnavailable
from harness.servers.register import LABEL_ID, LABEL_OWNER

PROBE_LIMIT_S = 15
_DEFAULT = "unix:///var/run/docker.sock"


@contextmanager
def connected(limit_s: int = 60) -> Iterator[DockerClient]:
    """A client of this machine's Docker engine, closed afterwards.

    Raises:
        SourceUnavailable: there is no engine, or it is not for us; the hints say more.
    """
    # testcontainers finds engines that docker-py alone does not: in its properties, in contexts.
    address = get_docker_host() or _DEFAULT
    _must_answer(address)
    try:
        client = docker.from_env(
            timeout=limit_s, environment={**os.environ, "DOCKER_HOST": address}
        )
    except (DockerException, RequestException) as error:
        raise unavailable(error) from error
    try:
        yield client
    except RequestException as error:
        raise unavailable(error) from error
    finally:
        client.close()


def _must_answer(address: str) -> None:
    """Knock at a unix socket: docker-py leaves its own socket open when nobody answers."""
    kind, _, path = address.partition("://")
    if kind != "unix":
        return
    try:
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(PROBE_LIMIT_S)
            knocking.connect(path)
    except PermissionError as error:
        raise SourceUnavailable(
            "Docker: its socket is forbidden to this user",
            "become a member of the group 'docker', and log in again",
            "or use servers on this machine: --source local, --source wheel",
        ) from error
    except OSError as error:
        raise SourceUnavailable(
            f"Docker: no engine answers ({path}: {error.strerror or error})",
            "is it installed and running? `docker info` tells; DOCKER_HOST says where it is",
        ) from error


def unavailable(error: Exception) -> SourceUnavailable:
    """Why the engine cannot be used."""
    return SourceUnavailable(f"Docker: {words(error)}", "does `docker info` work?")


def remove_labelled(client: DockerClient, label: str) -> bool:
    """Remove the containers and volumes that carry a label; whether there were any.

    Raises:
        ServerError: one could not be removed.
    """
    wanted: dict[str, str | list[str] | bool] = {"label": label}
    try:
        found = client.containers.list(all=True, filters=wanted, ignore_removed=True)
        for container in found:
            _remove(container)
        for volume in client.volumes.list(filters=wanted):
            volume.remove(force=True)
    except DockerException as error:
        raise ServerError(f"containers with label {label}: {words(error)}") from error
    return bool(found)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A container that carries our labels."""

    name: str
    owner: str
    what: str


def labelled(client: DockerClient) -> list[Labelled]:
    """All containers that some run of ours made.

    Raises:
        ServerError: Docker refused to tell.
    """
    wanted: dict[str, str | list[str] | bool] = {"label": LABEL_ID}
    try:
        containers = client.containers.list(all=True, filters=wanted, ignore_removed=True)
    except DockerException as error:
        raise ServerError(f"containers with label {LABEL_ID}: {words(error)}") from error
    return [
        Labelled(
            container.labels[LABEL_ID],
            container.labels.get(LABEL_OWNER, ""),
            f"container {container.short_id}",
        )
        for container in containers
    ]


def _remove(container: Container) -> None:
    try:
        container.remove(force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != 409:  # it is being removed already
            raise


def words(error: Exception) -> str:
    """What an error of Docker says, on one line."""
    said = error.explanation if isinstance(error, APIError) and error.explanation else error
    return " ".join(str(said).split())[:300]
