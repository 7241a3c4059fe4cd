"""What a given URL says before any server is asked, and what is wrong with it.

A URL holds a password, so no message repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from harness.engines.engine import Engine
from harness.errors import UsageError
from harness.servers import asking

FORM = "the form is SCHEME://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @ in the password"


@dataclass(frozen=True, slots=True)
class GivenUrl:
    """One URL as the user wrote it."""

    text: str = field(repr=False)
    engine: str | None = None
    """The kind of server it was given for, if it came from a variable for that kind."""


def understand(given: GivenUrl, schemes: frozenset[str]) -> URL:
    """A URL in its parts.

    Raises:
        UsageError: it is malformed, its scheme is none of these, or it names no database.
    """
    try:
        url = make_url(given.text.strip())
    except (ArgumentError, ValueError):
        raise UsageError("given URL: malformed", FORM) from None  # the cause repeats it
    scheme = scheme_of(url)
    if scheme not in schemes:
        raise UsageError(
            f"given URL: scheme {scheme!r} is unknown", f"known are {', '.join(sorted(schemes))}"
        )
    if not url.database:
        raise UsageError("given URL: names no database", FORM)
    return url


def scheme_of(url: URL) -> str:
    """The kind of server, without the driver.

    >>> scheme_of(make_url("mysql+pymysql://me@there/test"))
    'mysql'
    """
    return url.drivername.partition("+")[0]


def for_engine(url: URL, engine: Engine) -> URL:
    """The same place, reached with the engine's own driver."""
    return url.set(drivername=engine.driver)


def said_of(url: URL, error: BaseException) -> str:
    """What a driver's error says; should it repeat the password, that is taken out."""
    said = asking.words(error)
    return said.replace(str(url.password), "***") if url.password else said


def place(url: URL) -> str:
    """Where a URL leads, for messages: no user, no password.

    >>> place(make_url("mysql://me:secret@127.0.0.1:3306/test"))
    '127.0.0.1:3306/test'
    """
    port = f":{url.port}" if url.port else ""
    return f"{url.host or 'localhost'}{port}/{url.database or ''}"
