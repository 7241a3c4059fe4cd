"""What the user said about servers: on the command line, else in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from harness.errors import UsageError
from harness.servers.given_url import GivenUrl

SourceName = Literal["given", "docker", "local", "wheel"]
SOURCE_NAMES: tuple[SourceName, ...] = get_args(SourceName)


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where servers may come from. The default takes what the machine offers."""

    source: SourceName | None = None
    """Only this one; None goes down the ladder."""
    urls: tuple[GivenUrl, ...] = ()
    """URLs of given servers."""
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
        folders: tuple[str | Path, ...] = (),
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
        roots = folders or tuple(
            filter(None, said.get("HARNESS_LOCAL_SERVERS", "").split(os.pathsep))
        )
        return cls(
            source=_source(source or said.get("HARNESS_SOURCE") or None),
            urls=tuple(GivenUrl(text) for text in urls) or _urls(said),
            images={**_named(said, "_IMAGE"), **_images(images)},
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


def _named(said: Mapping[str, str], suffix: str) -> dict[str, str]:
    """The variables HARNESS_<ENGINE><suffix>, by the engine's name."""
    prefix = "HARNESS_"
    return {
        name.removeprefix(prefix).removesuffix(suffix).lower(): value
        for name, value in said.items()
        if name.startswith(prefix) and name.endswith(suffix) and value
    }


def _urls(said: Mapping[str, str]) -> tuple[GivenUrl, ...]:
    for_any = said.get("HARNESS_SERVER")
    bound = (GivenUrl(text, engine) for engine, text in _named(said, "_URL").items())
    return (*bound, *([GivenUrl(for_any)] if for_any else []))


def _images(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, image = pair.partition("=")
        if not (name and equals and image):
            raise UsageError(
                f"image {pair!r}: not of the form ENGINE=IMAGE",
                "the engine's short name, an equals sign, the image's name and tag",
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
