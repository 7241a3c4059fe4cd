"""Databases as the programs of a replay use them: their isolation level, their rows counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, create_engine
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from harness.engines import ENGINES, Engine, Isolation
from harness.errors import ServerError
from harness.replay.rows import count_rows


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how programs run. The engine goes by its name, for it travels to processes."""

    engine_name: str
    url: URL
    isolation: Isolation
    attempts: int
    """How often a request is tried, if the server's refusal allows another try."""

    @property
    def engine(self) -> Engine:
        """The kind of server."""
        return ENGINES[self.engine_name]

    def database(self, program: str) -> Database:
        """A database for a program, without a pool: who takes a connection keeps it.

        Its connections carry the program's name, so that who looks at the server sees it.
        """
        engine = self.engine
        found = create_engine(
            self.url,
            connect_args={
                **engine.connect_arguments,
                **engine.working_arguments,
                **engine.monitoring.naming(program),
            },
            isolation_level=self.isolation.value,
            poolclass=NullPool,
        )
        count_rows(found)
        return found

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """Say what it means that the server does not take a connection."""
        try:
            yield
        except DBAPIError as error:
            said = " ".join(str(error.orig).split())[:200]
            raise ServerError(
                f"{self.engine.name}: the server took not all connections of the replay: {said}",
                "--connections N, fewer for each program in each process; or --processes N",
            ) from None
