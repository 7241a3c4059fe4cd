"""The source of servers that the user gives by URL.

Such a server is somebody's. It is used only if its database is empty, or holds our marker from an
earlier run that did not end well, and it is left empty. A lock that the server holds for our
connection keeps two runs apart.
"""

from __future__ import annotations

import functools
import socket

from sqlalchemy import URL

from harness.engines.engine import Engine
from harness.errors import HarnessError, Refused, ServerError, UsageError
from harness.servers import asking
from harness.servers.given_server import GivenServer, objects, open_given
from harness.servers.given_url import GivenUrl, for_engine, place, scheme_of, understand
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
            url = understand(given, options.schemes)
            if scheme_of(url) not in engine.recipe.schemes:
                reasons.append(f"the URL given leads to {scheme_of(url)}")
                continue
            version = examine(engine, for_engine(url, engine), bound=given.engine is not None)
        except HarnessError as error:
            return Missing(engine, "given", error.message, "; ".join(error.hints), error)
        if isinstance(version, str):
            reasons.append(version)
            continue
        numbers = ".".join(str(number) for number in version)
        return Offer(
            engine,
            "given",
            f"given {place(url)}",
            numbers,
            functools.partial(open_given, engine, for_engine(url, engine), numbers),
        )
    return Missing(
        engine,
        "given",
        "; ".join(reasons) or "no URL was given",
        f"--server URL, or HARNESS_SERVER, or HARNESS_{engine.name.upper()}_URL",
    )


def examine(engine: Engine, url: URL, *, bound: bool) -> tuple[int, ...] | str:
    """Look at a given server, changing nothing: its version, or in words which kind it is instead.

    Raises:
        Refused: it cannot be reached, or is not for us to use.
    """
    _must_answer(url)
    _must_let_us_in(engine, url)
    try:
        with asking.connected(engine, url) as connection:
            text = str(asking.rows_of(connection, engine.version_query)[0][0])
            try:
                version = engine.parse_version(text)
            except ValueError:
                other = f"the server at {place(url)} is not {engine.title}: it says {text!r}"
                if bound:
                    raise Refused(other, f"give {engine.title}'s URL there") from None
                return other
            _must_suit(engine, url, version, asking.rows_of(connection, _read_only(engine)))
            _must_be_empty(engine, url, [name for name, _ in objects(engine, connection)])
    except engine.driver_error as error:
        raise Refused(f"given server {place(url)}: {asking.words(error)}") from error
    return version


def _read_only(engine: Engine) -> str:
    return engine.recipe.statements.read_only


def _must_answer(url: URL) -> None:
    if url.host is None or url.host.startswith("/") or "unix_socket" in url.query:
        return
    port = url.port or _default_port(url)
    try:
        socket.create_connection((url.host, port), timeout=_REACH_LIMIT_S).close()
    except ConnectionRefusedError:
        raise Refused(
            f"given server {url.host}:{port}: connection refused",
            "is it running, and does it listen on that address and port?",
        ) from None
    except TimeoutError:
        raise Refused(
            f"given server {url.host}:{port}: no answer within {_REACH_LIMIT_S:g} s",
            "is a firewall between here and there?",
        ) from None
    except OSError as error:
        raise Refused(
            f"given server {url.host}:{port}: {error.strerror or error}", "is the host's name right?"
        ) from None


def _default_port(url: URL) -> int:
    return 5432 if scheme_of(url).startswith("postgres") else 3306
