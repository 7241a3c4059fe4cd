"""What is said of a server that gave an error where the harness asked something."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from harness.engines.engine import Engine
from harness.sessions.session import first_line


def told(engine: Engine, error: BaseException) -> str:
    """What was seen of the server, and its message, or the driver's where it said nothing."""
    driver = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"the server {engine.trouble_of(driver).value}: {first_line(driver)}"
