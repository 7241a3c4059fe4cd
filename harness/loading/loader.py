"""Load a dataset into an empty database, and compare what arrived with what was sent."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, MetaData, create_engine, inspect
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError

from harness.clock import now_s
from harness.engines.engine import Engine
from harness.engines.loading import Rejected
from harness.errors import Refused, ServerError
from harness.loading.dataset import Generated
from harness.loading.digest import Digest, server_digest
from harness.loading.spool import Spool, Spooler

Watch = Callable[[int, int], None]
"""Told after each spool: the blocks and the rows that are in."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was sent, what the server holds, and how long it took to send it."""

    sent: Mapping[str, Digest]
    held: Mapping[str, Digest]
    elapsed_s: float


def load(engine: Engine, url: URL, generated: Generated, watch: Watch) -> Loaded:
    """Make a dataset's tables in a database and fill them.

    Each spool is a transaction. After an error, tables and some of their rows may be there.

    Raises:
        Refused: tables of these names are there already, or the server takes no files.
        ServerError: the server or this machine has no room left, or the server refused.
    """
    with opened(engine, url) as database:
        _must_be_free(engine, database, generated.metadata)
        with _explained(engine):
            generated.metadata.create_all(database)
            with driver_connection(database) as connection:
                _must_take_files(engine, connection)
                started = now_s()
                sent = _send(engine, connection, generated, watch)
                _count_on(engine, connection, generated.metadata)
                elapsed_s = now_s() - started
                return Loaded(sent, held(engine, connection, generated.metadata), elapsed_s)


def held(engine: Engine, connection: Any, metadata: MetaData) -> dict[str, Digest]:
    """The digest of every table as the server has it."""
    return {
        table.name: server_digest(engine, connection, table) for table in metadata.sorted_tables
    }


def read_digests(
    engine: Engine, url: URL, metadata: MetaData
) -> tuple[str, dict[str, Digest]] | None:
    """The server's version and the digests of tables that are there; None if another engine's.

    Raises:
        ServerError: a table is not there, or the server cannot be reached or refused.
    """
    with (
        opened(engine, url) as database,
        _explained(engine),
        driver_connection(database) as connection,
    ):
        with connection.cursor() as cursor:
            cursor.execute(engine.version_query)
            said = str(cursor.fetchone()[0])
        try:
            version = engine.parse_version(said)
        except ValueError:
            return None
        missing = sorted(metadata.tables.keys() - set(inspect(database).get_table_names()))
        if missing:
            raise ServerError(
                f"{engine.name}: the database has no table {missing[0]}",
                "`harness data load --keep --server URL` makes the tables and fills them",
            )
        return ".".join(map(str, version)), held(engine, connection, metadata)


@contextlib.contextmanager
def opened(engine: Engine, url: URL) -> Iterator[Database]:
    """A database whose connections can send files."""
    arguments = {**engine.connect_arguments, **engine.loading.connect_arguments}
    database = create_engine(url, connect_args=arguments)
    try:
        yield database
    finally:
        database.dispose()


@contextlib.contextmanager
def driver_connection(database: Database) -> Iterator[Any]:
    """A driver's own connection, which commits when it is told to."""
    with contextlib.closing(database.raw_connection()) as connection:
        yield connection.driver_connection


def _must_be_free(engine: Engine, database: Database, metadata: MetaData) -> None:
    with _explained(engine):
        there = sorted(metadata.tables.keys() & set(inspect(database).get_table_names()))
    if there:
        raise Refused(
            f"{engine.name}: the database has {len(there)} of the tables already: "
            f"{', '.join(there[:3])}{', …' if len(there) > 3 else ''}",
            "give an empty database: data are loaded into new tables only",
        )


def _must_take_files(engine: Engine, connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(engine.loading.refused)
        for why, hint in cursor.fetchall():
            raise Refused(f"{engine.name}: the server takes no files: {why}", hint)


def _send(engine: Engine, connection: Any, generated: Generated, watch: Watch) -> dict[str, Digest]:
    blocks = rows = 0
    with (
        tempfile.TemporaryDirectory(prefix="harness-", ignore_cleanup_errors=True) as folder,
        # One thread writes the next spool while the server takes this one.
        ThreadPoolExecutor(1, "spool") as writer,
    ):
        spooler = Spooler(generated, Path(folder))
        pending = writer.submit(spooler.write)
        while spool := pending.result():
            pending = writer.submit(spooler.write)
            load_files(engine, connection, spool)
            spool.remove()
            blocks += spool.blocks
            rows += sum(file.rows for file in spool.files)
            watch(blocks, rows)
        return spooler.digests()


def _count_on(engine: Engine, connection: Any, metadata: MetaData) -> None:
    """See that the engine numbers new rows behind those that were loaded."""
    if not engine.loading.count_on:
        return
    with connection.cursor() as cursor:
        for table in metadata.sorted_tables:
            numbered = table.autoincrement_column
            if numbered is not None and numbered.identity is not None:
                cursor.execute(
                    engine.loading.count_on.format(table=table.name, column=numbered.name)
                )
    connection.commit()


def load_files(engine: Engine, connection: Any, spool: Spool) -> None:
    """Load a spool's files over a driver's own connection, as one transaction.

    Raises:
        ServerError: the server took a file and not all of its rows.
        engine.driver_error: the server refused.
    """
    for file in spool.files:
        try:
            engine.loading.load(connection, file.table.name, file.columns, file.path)
        except Rejected as error:
            raise ServerError(
                f"{engine.name}: table {file.table.name} did not take all rows: {error}"
            ) from error
    connection.commit()


@contextlib.contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    """Say what a driver's error means for who loads data."""
    try:
        yield
    except (DBAPIError, engine.driver_error) as error:
        cause = (error.orig or error) if isinstance(error, DBAPIError) else error
        said = " ".join(str(cause.args[-1] if cause.args else cause).split())[:300]
        if engine.loading.is_disk_full(cause):
            raise ServerError(
                f"{engine.name}: the server's disk is full",
                f"it said: {said}",
                "make room, or load a smaller --scale",
            ) from error
        seen = engine.trouble_of(cause).value
        raise ServerError(f"{engine.name}: the server {seen}: {said}") from error
