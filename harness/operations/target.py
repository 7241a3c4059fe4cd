"""Which server a URL leads to: asked over a connection, and nothing on it is changed.

Unlike a server that work is done on, one that is only watched may be in use and full of data.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import URL

from harness.engines import ENGINES, Engine
from harness.errors import ServerError, UsageError
from harness.servers import asking
from harness.servers.given_url import GivenUrl, for_engine, place, said_of, scheme_of, understand


def leads_to(given: GivenUrl, engines: Sequence[Engine]) -> tuple[Engine, URL, str]:
    """The engine of the server at a URL, the URL for its driver, its version.

    Raises:
        UsageError: the URL is malformed, or leads to none of these engines.
        ServerError: nobody answers there.
    """
    schemes = frozenset().union(*(engine.recipe.schemes for engine in ENGINES.values()))
    url = understand(given, schemes)
    for engine in engines:
        if scheme_of(url) not in engine.recipe.schemes:
            continue
        here = for_engine(url, engine)
        try:
            text = asking.ask(engine, here, engine.version_query)
        except engine.driver_error as error:
            raise ServerError(
                f"server {place(url)}: does not answer: {said_of(url, error)}",
                "is it running, and are user, password and database right?",
            ) from error
        try:
            version = engine.parse_version(text)
        except ValueError:
            continue
        return engine, here, ".".join(str(number) for number in version)
    raise UsageError(
        f"server {place(url)}: is none of {', '.join(engine.title for engine in engines)}"
    )
