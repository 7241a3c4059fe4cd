"""The `psql` client, and values as they are written into a statement's text."""

from __future__ import annotations

import psycopg
from psycopg.sql import Literal

from harness.engines.client import Client
from harness.engines.engine import Isolation


def literal(value: object) -> str:
    """A value as psycopg writes it (manual, "SQL string composition").

    >>> literal("it's"), literal(None), literal(5)
    ("'it''s'", 'NULL', '5')

    Raises:
        TypeError: psycopg knows no way to write it.
    """
    try:
        return Literal(value).as_string(None).strip()
    except psycopg.ProgrammingError as error:
        raise TypeError(str(error)) from error


def _isolation(level: Isolation) -> str:
    return f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level.value}"


POSTGRESQL_CLIENT = Client(
    program="psql",
    connect=lambda database: ("psql", "--dbname", database),
    batch=("--no-psqlrc", "--quiet", "--no-align", "--tuples-only"),
    isolation=_isolation,
    preamble=("SET timezone = 'UTC'",),
    begin="BEGIN",
    literal=literal,
    exactly=(),
)
