"""Ask a server something over a connection of our own, made for that and closed afterwards.

Below SQLAlchemy's pools and first-connect queries, which cost more than a start-up loop can spend,
and below its errors, which repeat the statement: ours may hold a password.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL

from harness.engines.engine import Engine


def connect(engine: Engine, url: URL) -> Any:
    """A driver's own connection, each statement committed by itself. The caller closes it.

    Raises:
        engine.driver_error: the server does not answer, or refuses.
    """
    dialect_class = url.get_dialect()
    dialect = dialect_class(dbapi=dialect_class.import_dbapi())  # type: ignore[call-arg]
    arguments, options = dialect.create_connect_args(url)
    given = {**options, **engine.connect_arguments, **engine.recipe.patience}
    connection = dialect.connect(*arguments, **given)
    dialect.set_isolation_level(connection, "AUTOCOMMIT")
    return connection


@contextmanager
def connected(engine: Engine, url: URL) -> Iterator[Any]:
    """The same, closed afterwards."""
    connection = connect(engine, url)
    try:
        yield connection
    finally:
        connection.close()


def rows_of(connection: Any, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    cursor = connection.cursor()
    try:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]
    finally:
        cursor.close()


def execute(connection: Any, statements: Sequence[str]) -> None:
    """Execute statements, each committed by itself."""
    cursor = connection.cursor()
    try:
        for statement in statements:
            cursor.execute(statement)
    finally:
        cursor.close()


def ask(engine: Engine, url: URL, query: str) -> str:
    """The first value of the first row of a query, as text; empty if there is no row.

    Raises:
        engine.driver_error: the server does not answer, or answers with an error.
    """
    with connected(engine, url) as connection:
        rows = rows_of(connection, query)
        return str(rows[0][0]) if rows else ""


def tell(engine: Engine, url: URL, statements: Sequence[str]) -> None:
    """Connect, execute statements, disconnect.

    Raises:
        engine.driver_error: one failed; those before it stay.
    """
    with connected(engine, url) as connection:
        execute(connection, statements)


def words(error: BaseException) -> str:
    """What a driver's error says, on one line. Drivers never repeat a password."""
    said = error.args[-1] if error.args else error
    return " ".join(str(said).split())[:300]
