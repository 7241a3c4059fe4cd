"""The source of servers that the user gives by URL.

Such a server is somebody's. It is used only if its database is empty, or holds our marker from an
earlier run that did not end well, and it is left empty. A lock that the server holds for our
connection keeps two runs apart.
"""

from __future__ import annotations

import functools
import socket
from typing import Any

from sqlalchemy import URL

from harness.engines import ENGINES
from harness.engines.engine import Engine, Profile
from harness.errors import HarnessError, Refused, UsageError
from harness.servers import asking
from harness.servers.given_server import GivenServer, marked, not_empty, objects, open_given
from harness.servers.given_url import for_engine, place, said_of, scheme_of, understand
from harness.servers.offer import Missing, Offer
from harness.servers.options import ServerOptions

_REACH_LIMIT_S = 5.0


def offer(engine: Engine, options: ServerOptions) -> Offer | Missing:
    """The first given server that is of this kind."""
    reasons = []
    for given in options.urls:
        if given.engine not in (None, engine.name):
            continue
        try:
            url = understand(given, _schemes())
            if scheme_of(url) not in engine.recipe.schemes:
                reasons.append(f"the given URL leads to {scheme_of(url)}")
                continue
            version = examine(engine, for_engine(url, engine))
            if isinstance(version, str) and given.engine is not None:
                raise Refused(version, f"it was given as the URL for {engine.title}")
        except HarnessError as error:
            return Missing(engine, "given", error.message, "; ".join(error.hints), error)
        if isinstance(version, str):
            reasons.append(version)
            continue
        numbers = ".".join(str(number) for number in version)
        start = functools.partial(open_given, engine, for_engine(url, engine), numbers)
        return Offer(engine, "given", f"given {place(url)}", numbers, start)
    return Missing(
        engine,
        "given",
        "; ".join(reasons) or "no URL was given",
        f"--server URL, or HARNESS_SERVER, or HARNESS_{engine.name.upper()}_URL",
    )


def where(engine: Engine, options: ServerOptions) -> URL | None:
    """Where the first given server is that may be of this kind; it is not looked at."""
    for given in options.urls:
        if given.engine in (None, engine.name):
            url = understand(given, _schemes())
            if scheme_of(url) in engine.recipe.schemes:
                return for_engine(url, engine)
    return None


def adopted(engine: Engine, options: ServerOptions) -> GivenServer:
    """The first given server of this kind, with what an earlier run has left in its database.

    Raises:
        Refused: it cannot be reached, is not for us to use, or holds nothing of ours.
        UsageError: none was given.
    """
    url = where(engine, options)
    if url is None:
        raise UsageError(f"{engine.name}: no server of this kind was given", "--server URL")
    version = examine(engine, url)
    if isinstance(version, str):
        raise Refused(version, f"it was given as the URL for {engine.title}")
    numbers = ".".join(str(number) for number in version)
    server = GivenServer(engine, url, numbers, Profile.DURABLE)
    server.adopt()
    return server


def _schemes() -> frozenset[str]:
    return frozenset().union(*(engine.recipe.schemes for engine in ENGINES.values()))


def examine(engine: Engine, url: URL) -> tuple[int, ...] | str:
    """Look at a given server, changing nothing: its version, or in words which kind it is instead.

    Raises:
        Refused: it cannot be reached, or is not for us to use.
    """
    _must_answer(engine, url)
    try:
        connection = asking.connect(engine, url)
    except engine.driver_error as error:
        raise _no_entry(engine, url, error) from error
    except TypeError as error:  # how drivers say that they do not know an option
        raise Refused(f"given server {place(url)}: the URL's options: {error}") from None
    try:
        text = str(asking.rows_of(connection, engine.version_query)[0][0])
        try:
            version = engine.parse_version(text)
        except ValueError:
            return f"the server at {place(url)} is not {engine.title}: it says {text!r}"
        _must_suit(engine, url, version, connection)
    except engine.driver_error as error:
        raise Refused(f"given server {place(url)}: {said_of(url, error)}") from error
    else:
        return version
    finally:
        connection.close()


def _must_answer(engine: Engine, url: URL) -> None:
    """A port that nobody listens on is better seen here than read out of a driver's words."""
    if "unix_socket" in url.query or "host" in url.query:
        return
    host, port = url.host or "localhost", url.port or engine.port
    try:
        socket.create_connection((host, port), timeout=_REACH_LIMIT_S).close()
    except ConnectionRefusedError:
        raise Refused(
            f"given server {host}:{port}: connection refused",
            "is it running, and does it listen on that address and port?",
        ) from None
    except TimeoutError:
        raise Refused(
            f"given server {host}:{port}: no answer within {_REACH_LIMIT_S:g} s",
            "is a firewall between here and there?",
        ) from None
    except OSError as error:
        raise Refused(
            f"given server {host}:{port}: {error.strerror or error}", "is the host's name right?"
        ) from None


def _no_entry(engine: Engine, url: URL, error: Exception) -> Refused:
    """Why a server that answers does not let us in: the user, or the database."""
    said = f"it said: {said_of(url, error)}"
    try:
        asking.connect(engine, url.set(database=engine.recipe.statements.anywhere)).close()
    except engine.driver_error:
        return Refused(
            f"given server {place(url)}: user {url.username!r} cannot log in",
            "are the user and the password right? an @ or a / in the password is %40 or %2F",
            said,
        )
    return Refused(
        f"given server {place(url)}: database {url.database!r} is unknown, or not for this user",
        "create it first: the harness makes no database on a server that is not its own",
        said,
    )


def _must_suit(engine: Engine, url: URL, version: tuple[int, ...], connection: Any) -> None:
    statements = engine.recipe.statements
    if version < engine.oldest_supported:
        oldest, found = (
            ".".join(str(number) for number in numbers)
            for numbers in (engine.oldest_supported, version)
        )
        raise Refused(
            f"given server {place(url)}: {engine.title} {found} is too old;"
            f" the oldest supported is {oldest}"
        )
    if url.database in statements.system_databases:
        raise Refused(
            f"given server {place(url)}: {url.database!r} is one of the server's own databases",
            "create an empty database for the harness and name that one",
        )
    for row in asking.rows_of(connection, statements.read_only):
        raise Refused(
            f"given server {place(url)}: it takes no writes ({row[0]})", "give its primary server"
        )
    found_objects = objects(engine, connection)
    if found_objects and not marked(engine, connection):
        raise not_empty(url, [name for name, _ in found_objects])
