"""The ladder of sources: a given URL, Docker, programs on this machine, the wheel.

The probe decides which rung is used. A start that fails is an error and never a reason to take the
next rung in silence: the user would get another server than the one that was reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from harness.engines.engine import Engine, Profile
from harness.engines.recipe import Settings
from harness.errors import SourceUnavailable
from harness.servers import docker, given, local_source, wheel
from harness.servers.interruption import orderly_exit
from harness.servers.offer import Missing, Offer, Source, Wanted
from harness.servers.options import ServerOptions, SourceName
from harness.servers.server import Server

LADDER: Mapping[SourceName, Source] = {
    "given": given.offer,
    "docker": docker.offer,
    "local": local_source.offer,
    "wheel": wheel.offer,
}


def offers(engines: Iterable[Engine], options: ServerOptions) -> Iterator[Offer | Missing]:
    """What every source says of every engine; each is asked when its answer is needed."""
    for engine in engines:
        for source in _sources(options):
            yield LADDER[source](engine, options)


def choose(engine: Engine, options: ServerOptions) -> Offer:
    """The first offer on the ladder.

    Raises:
        ServerError: the user gave a server of this kind, and it cannot be used.
        SourceUnavailable: there is no offer; the hints say how to get each.
    """
    missing = []
    for source in _sources(options):
        answer = LADDER[source](engine, options)
        if isinstance(answer, Offer):
            return answer
        if answer.error is not None:
            raise answer.error
        missing.append(answer)
    raise SourceUnavailable(
        f"{engine.name}: no server to be had here",
        *(f"{answer.source}: {_with_hint(answer)}" for answer in missing),
    )


def _with_hint(answer: Missing) -> str:
    return f"{answer.reason}; {answer.hint}" if answer.hint else answer.reason


def _sources(options: ServerOptions) -> tuple[SourceName, ...]:
    return (options.source,) if options.source is not None else tuple(LADDER)


@contextmanager
def start(
    offer: Offer,
    profile: Profile,
    *,
    settings: Settings | None = None,
    options: ServerOptions | None = None,
) -> Iterator[Server]:
    """Start what was offered, and end it and all that was made for it afterwards.

    `settings` are server settings beyond the profile's: `{"synchronous_commit": "off"}`.

    Raises:
        ServerError: it did not start; nothing is left of it.
    """
    said = options or ServerOptions()
    wanted = Wanted(profile, settings or {}, said.port, said.start_limit_s)
    with orderly_exit():
        server = offer.open(wanted)
        try:
            yield server
        finally:
            server.stop()
