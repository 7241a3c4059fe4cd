"""The `mysql` and `mariadb` clients, and values as their protocol writes them."""

from __future__ import annotations

from functools import partial

from pymysql.converters import encoders, escape_item

from harness.engines.client import Client
from harness.engines.engine import Isolation


def literal(value: object) -> str:
    r"""A value as PyMySQL writes it (it sends no parameters of their own).

    >>> literal("it's"), literal(None), literal(5)
    ("'it\\'s'", 'NULL', '5')

    Raises:
        TypeError: PyMySQL knows no way to write it, as a dict.
    """
    return str(escape_item(value, "utf8mb4", encoders))


def _isolation(level: Isolation) -> str:
    return f"SET SESSION TRANSACTION ISOLATION LEVEL {level.value}"


# Answers come as they are made, one statement at a time, and an error does not end the client.
_client = partial(
    Client,
    batch=("--unbuffered", "--force", "--batch", "--skip-column-names", "--comments"),
    isolation=_isolation,
    preamble=("SET NAMES utf8mb4", "SET time_zone = '+00:00'"),
    begin="START TRANSACTION",
    literal=literal,
    exactly=("SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_AUTO_VALUE_ON_ZERO')",),
)

MYSQL_CLIENT = _client(program="mysql", connect=lambda database: ("mysql", database))
MARIADB_CLIENT = _client(program="mariadb", connect=lambda database: ("mariadb", database))
