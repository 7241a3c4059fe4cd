"""What the user said about servers: on the command line, else in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from harness.errors import UsageError

SourceName = Literal["given", "docker", "local", "wheel"]
SOURCE_NAMES: tuple[SourceName, ...] = get_args(SourceName)


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where servers may come from. The default takes what the machine offers."""

    source: SourceName | None = None
    """Only this one; None goes down the ladder."""
    urls: tuple[str, ...] = field(default=(), repr=False)
    """URLs of given servers. They hold passwords, hence not in the representation."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Engine name to Docker image, where it is not the default one."""
    folders: tuple[Path, ...] = ()
    """Folders with unpacked packages, or whole root trees."""
    port: int | None = None
    """The port our own server listens on; None takes a free one."""
    start_limit_s: float = 120.0
    """How long a start may take."""

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] | None = None,
        *,
        source: str | None = None,
        urls: tuple[str, ...] = (),
        images: tuple[str, ...] = (),
        folders: tuple[str, ...] = (),
        port: int | None = None,
        start_limit_s: float | None = None,
    ) -> ServerOptions:
        """What was said on the command line; where nothing was said, what the environment says.

        >>> ServerOptions.from_environment({"HARNESS_SOURCE": "wheel"}).source
        'wheel'
        >>> ServerOptions.from_environment({}, images=("mysql=mysql:8.4",)).images
        {'mysql': 'mysql:8.4'}

        Raises:
            UsageError: a value cannot be understood.
        """
        said = os.environ if environment is None else environment
        named = [f"HARNESS_{name}_URL" for name in ("MYSQL", "MARIADB", "POSTGRESQL")]
        from_variables = tuple(said[name] for name in ("HARNESS_SERVER", *named) if said.get(name))
        roots = folders or tuple(
            filter(None, said.get("HARNESS_LOCAL_SERVERS", "").split(os.pathsep))
        )
        return cls(
            source=_source(source or said.get("HARNESS_SOURCE") or None),
            urls=urls or from_variables,
            images={**_images_of(said), **_images(images)},
            folders=tuple(Path(folder).expanduser() for folder in roots),
            port=port,
            start_limit_s=start_limit_s or _seconds(said.get("HARNESS_START_LIMIT")),
        )


def _source(name: str | None) -> SourceName | None:
    if name is None:
        return None
    for known in SOURCE_NAMES:
        if name == known:
            return known
    raise UsageError(f"source {name!r}: unknown", f"known are {', '.join(SOURCE_NAMES)}")


def _images_of(said: Mapping[str, str]) -> dict[str, str]:
    prefix, suffix = "HARNESS_", "_IMAGE"
    return {
        name.removeprefix(prefix).removesuffix(suffix).lower(): image
        for name, image in said.items()
        if name.startswith(prefix) and name.endswith(suffix) and image
    }


def _images(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, image = pair.partition("=")
        if not (name and equals and image):
            raise UsageError(
                f"image {pair!r}: not of the form ENGINE=IMAGE", "for example mysql=mysql:8.4"
            )
        found[name.lower()] = image
    return found


def _seconds(text: str | None) -> float:
    if not text:
        return 120.0
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"HARNESS_START_LIMIT {text!r}: not a number of seconds") from None
