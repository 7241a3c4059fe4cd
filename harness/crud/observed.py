"""Run a subject's programs on a live server and capture what each does."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, create_engine
from sqlalchemy import Engine as Database

from harness.crud.capture import Captured, captured
from harness.crud.subject import Run, Subject
from harness.engines import Engine, Isolation
from harness.sessions.session import first_line


@dataclass
class Observed:
    """What one program did when it ran."""

    captured: Captured = field(default_factory=Captured)
    runs: int = 0
    """How often it ran to its end."""
    failure: str | None = None
    """Why it did not, if it did not."""


def observe(subject: Subject, engine: Engine, url: URL) -> Mapping[str, Observed]:
    """Run every program of a subject in an empty database; what each did, by name.

    A program that raises is observed as far as it came, and the others still run. The exam's
    assumption holds: read committed.

    Raises:
        sqlalchemy.exc.DBAPIError: the tables cannot be made, or the server is gone.
    """
    database = create_engine(
        url,
        connect_args=dict(engine.connect_arguments),
        isolation_level=Isolation.READ_COMMITTED.value,
    )
    try:
        subject.metadata.create_all(database)
        with database.begin() as connection:
            subject.load(connection)
        with tempfile.TemporaryDirectory(prefix="harness-crud-") as folder:
            return {
                name: _observe_one(database, engine, runs)
                for name, runs in subject.runs(Path(folder)).items()
            }
    finally:
        database.dispose()


def _observe_one(database: Database, engine: Engine, runs: Sequence[Run]) -> Observed:
    seen = Observed()
    for run in runs:
        with (
            database.connect() as connection,
            captured(connection, engine.sql_dialect, seen.captured),
        ):
            try:
                run(connection)
            except Exception as error:  # noqa: BLE001 - whatever a program raises is its end
                seen.failure = f"{type(error).__name__}: {first_line(error)}"
                return seen
            seen.runs += 1
    return seen
