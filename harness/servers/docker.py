"""The source of servers in containers."""

from __future__ import annotations

import functools
import re

from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound

from harness.engines.engine import Engine
from harness.engines.recipe import Version
from harness.errors import SourceUnavailable
from harness.servers.container import open_container
from harness.servers.docker_engine import PROBE_LIMIT_S, connected, words
from harness.servers.offer import Missing, Offer
from harness.servers.options import ServerOptions


def offer(engine: Engine, options: ServerOptions) -> Offer | Missing:
    """The engine's image, if there is a Docker engine here that has it or can pull it."""
    named = options.images.get(engine.name)
    image = named or engine.recipe.container.image
    try:
        with connected(PROBE_LIMIT_S) as client:
            _must_be_here(client)
            version, note = _look(client, image, engine)
    except SourceUnavailable as error:
        # Who names an image, or Docker, must not get something else in silence.
        asked = error if named or options.source == "docker" else None
        return Missing(engine, "docker", error.message, "; ".join(error.hints), asked)
    return Offer(
        engine,
        "docker",
        f"docker {image}{note}",
        ".".join(str(number) for number in version or ()),
        functools.partial(open_container, engine, image, version),
    )


def _must_be_here(client: DockerClient) -> None:
    """Ports are published on 127.0.0.1, which is ours only if the engine runs here."""
    address = str(client.api.base_url)
    if not address.startswith(("http+docker://", "http://localhost", "http://127.0.0.1")):
        raise SourceUnavailable(
            f"Docker: the engine at {address} is on another machine, and servers listen on"
            " its 127.0.0.1 only",
            "unset DOCKER_HOST, or use --server URL",
        )


def _look(client: DockerClient, image: str, engine: Engine) -> tuple[Version | None, str]:
    """The version an image says it has, and a note if it must be pulled first.

    Raises:
        SourceUnavailable: it is not here and no registry gives it.
    """
    try:
        found = client.images.get(image)
    except ImageNotFound:
        return None, _pullable(client, image)
    except DockerException as error:
        raise SourceUnavailable(f"image {image}: {words(error)}") from error
    variables = dict(
        entry.partition("=")[::2] for entry in (found.attrs["Config"].get("Env") or [])
    )
    return version_of(variables.get(engine.recipe.container.version_variable, "")), ""


def version_of(text: str) -> Version | None:
    """The numbers in what a package's version is, if any.

    >>> version_of("1:11.8.3+maria~ubu2404")
    (11, 8, 3)
    >>> version_of("18.1-1.pgdg13+1")
    (18, 1)
    """
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", text)
    return tuple(int(number) for number in found[1].split(".")) if found else None


def _pullable(client: DockerClient, image: str) -> str:
    try:
        client.images.get_registry_data(image)
    except (APIError, DockerException) as error:
        raise SourceUnavailable(
            f"image {image}: not on this machine, and it cannot be pulled ({words(error)})",
            *hints(image),
        ) from error
    return " (to be pulled)"


def hints(image: str) -> tuple[str, ...]:
    """What to do when an image cannot be had."""
    return (
        "`docker/prepare` builds it from Debian packages where no registry can be reached",
        f"is the name right? `docker pull {image}` says more",
    )
