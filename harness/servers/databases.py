"""A database for one use: on our own server a new one, on a given one the given one, emptied."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Protocol, runtime_checkable

from sqlalchemy import URL

from harness.servers import asking
from harness.servers.server import Server

_numbers = itertools.count(1)


@runtime_checkable
class Lent(Protocol):
    """A server that lends us one database and no right to make others."""

    def empty_database(self) -> URL:
        """Drop everything we made in the lent database; where it is."""

    def keep(self) -> None:
        """Let the database go with all that is in it, which stays marked as the harness's."""


@contextmanager
def fresh_database(server: Server) -> Iterator[URL]:
    """An empty database, as a URL for the administrator; gone afterwards.

    What ends the body goes on as it is: a server that was killed in it drops nothing, and nobody
    must hear of that in place of a Ctrl-C.

    Raises:
        server.engine.driver_error: the server refused.
    """
    if isinstance(server, Lent):
        yield server.empty_database()
        server.empty_database()
        return
    statements = server.engine.recipe.statements
    name = f"harness_{next(_numbers)}"
    asking.tell(server.engine, server.url(), [statements.create_database(name)])
    dropped = [statements.drop_database(name)]
    try:
        yield server.url(name)
    except BaseException:
        with suppress(server.engine.driver_error):
            asking.tell(server.engine, server.url(), dropped)
        raise
    asking.tell(server.engine, server.url(), dropped)


@contextmanager
def fresh_databases(server: Server, number: int) -> Iterator[Sequence[URL]]:
    """So many empty databases, or as many as the server gives us: one that is lent has one.

    Raises:
        server.engine.driver_error: the server refused.
    """
    with ExitStack() as stack:
        wanted = 1 if isinstance(server, Lent) else number
        yield [stack.enter_context(fresh_database(server)) for _ in range(wanted)]
