"""Table backups at the milestones of a night, and the tables as they were at one of them.

Exam 2024 autumn, afternoon II, question 1, table 5: what a window has changed is copied at its end,
each table by itself. A copy is a file of rows, made and read by the means of SQL that the engine
gives for whole files (`Replacing.extract`, `Loading.load`), all of one milestone in one snapshot.
Beside the files lies a note with rows and digest of each, on the disk before the night goes on:
what has no note is no backup, and what does not fit it is not loaded.

To restore a milestone, each table that changed since is put back to its newest copy up to there, in
one transaction: all of them or none. The first backup of a night has every table that the night
will write, changed by day or not: elsewhere that is the backup of the evening before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, MetaData, Table, create_engine
from sqlalchemy.pool import NullPool

from harness.engines.engine import Engine, Isolation
from harness.engines.loading import Rejected
from harness.errors import HarnessError
from harness.jobs.network import Network
from harness.jobs.night import Night
from harness.loading.digest import Digest, server_digest
from harness.loading.lines import kind_of
from harness.loading.loader import driver_connection
from harness.loading.row_file import file_digest, flush, write_whole
from harness.planning.backup_plan import backup_plan

_NOTE = "backup.json"


class BackupError(HarnessError):
    """A backup is missing or damaged, or did not arrive whole; no table was changed."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class TableCopy:
    """One table as it was at a milestone."""

    milestone: str
    table: str
    path: Path
    digest: Digest
    """Of the table, as the server says it."""
    written: Digest
    """Of the file's lines; an engine may write a value otherwise than digests do."""

    @property
    def size_bytes(self) -> int:
        """Of the file."""
        return self.path.stat().st_size


def night_backup_plan(night: Night, network: Network) -> Mapping[str, frozenset[str]]:
    """By milestone, the tables to copy there: exam table 5, and a base at the first milestone.

    A table that the CRUD matrix does not have is copied at each: nobody knows who writes it.
    """
    online = frozenset[str]().union(*(job.writes for job in night.online))
    plan = backup_plan(network, online, night.no_log)
    written = frozenset[str]().union(*plan.values())
    named = set(night.table_order) or night.metadata.tables.keys()
    unnamed = night.metadata.tables.keys() - named - night.no_log
    first = network.milestones[0]
    return {
        milestone: (written if milestone == first else tables) | unnamed
        for milestone, tables in plan.items()
    }


class Backups:
    """The backups of one night, in a folder that outlives it."""

    def __init__(
        self,
        engine: Engine,
        url: URL,
        metadata: MetaData,
        plan: Mapping[str, frozenset[str]],
        folder: Path,
    ) -> None:
        self._engine = engine
        self._url = url
        self._metadata = metadata
        self._plan = plan
        self._folder = folder

    def take(self, milestone: str) -> Sequence[TableCopy]:
        """Copy what has changed since its last copy; the files are on the disk then.

        Where milestones before this one took no backup, that is more than the plan has for it.

        Raises:
            engine.driver_error: the server refused or is gone; there is no note then.
            BackupError: a file is not what the server says of its table.
        """
        folder = self._folder / milestone
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _NOTE).unlink(missing_ok=True)
        _, changed = self._known(milestone)
        database = _database(self._engine, self._url)
        try:
            with driver_connection(database) as connection:
                copies = [
                    self._copy(connection, milestone, table)
                    for table in self._metadata.sorted_tables
                    if table.name in changed
                ]
                connection.rollback()
        finally:
            database.dispose()
        _write_note(folder, copies)
        return copies

    def _copy(self, connection: Any, milestone: str, table: Table) -> TableCopy:
        loading = self._engine.loading
        path = self._folder / milestone / f"{table.name}.tsv"
        columns = [
            (c.name, loading.text_of[kind_of(c.type)].format(loading.quoted.format(c.name)))
            for c in table.columns
        ]
        self._engine.replacing.extract(connection, table.name, columns, "", path)
        flush(path)
        held, written = server_digest(self._engine, connection, table), file_digest(path)
        if held.rows != written.rows:
            raise BackupError(
                f"backup at {milestone}: {table.name}: the file has {written.rows:,} rows, the "
                f"table {held.rows:,}"
            )
        return TableCopy(milestone, table.name, path, held, written)

    def newest(self, milestone: str) -> Mapping[str, TableCopy]:
        """Each table's newest copy up to and including a milestone.

        Raises:
            BackupError: that milestone has no backup, a change is in none, or a note is damaged.
        """
        if _read_note(self._folder / milestone, milestone) is None:
            raise BackupError(
                f"backup at {milestone}: there is none in '{self._folder}'",
                "choose a milestone that the night has backed up",
            )
        known, changed = self._known(milestone)
        for table, since in changed.items():
            raise BackupError(
                f"backup at {milestone}: {table} had changed at {since}, and is in no copy since",
                f"choose a milestone before {since}",
            )
        return known

    def _known(self, milestone: str) -> tuple[dict[str, TableCopy], dict[str, str]]:
        """The newest copies up to a milestone; which tables have changed since theirs, and when."""
        milestones = list(self._plan)
        known: dict[str, TableCopy] = {}
        changed: dict[str, str] = {}
        for name in milestones[: milestones.index(milestone) + 1]:
            changed |= dict.fromkeys(self._plan[name], name)
            for copy in _read_note(self._folder / name, name) or ():
                known[copy.table] = copy
                changed.pop(copy.table, None)
        return known, changed

    def restore(self, milestone: str) -> Sequence[TableCopy]:
        """Put all tables back to a milestone, in one transaction; they have the copies' digests.

        Raises:
            BackupError: a copy is missing or damaged, or what was loaded is not what it holds.
            engine.driver_error: the server refused or is gone. No table is changed then.
        """
        copies = self.newest(milestone)
        for copy in copies.values():
            _see_whole(copy)
        database = _database(self._engine, self._url)
        before, behind = self._engine.without_foreign_keys
        try:
            with driver_connection(database) as connection:
                _tell(connection, before)
                self._put_back(connection, copies)
                connection.commit()
                _tell(connection, behind)
        finally:
            database.dispose()
        return list(copies.values())

    def _put_back(self, connection: Any, copies: Mapping[str, TableCopy]) -> None:
        """Rows are deleted and not truncated: on some engines that would commit."""
        loading = self._engine.loading
        tables = [table for table in self._metadata.sorted_tables if table.name in copies]
        for table in reversed(tables):
            _tell(connection, [f"DELETE FROM {loading.quoted.format(table.name)}"])
        for table in tables:
            copy = copies[table.name]
            try:
                loading.load(connection, table.name, list(table.columns.keys()), copy.path)
            except Rejected as error:
                raise BackupError(f"restore: {table.name} did not take all rows: {error}") from None
            held = server_digest(self._engine, connection, table)
            if held != copy.digest:
                raise BackupError(
                    f"restore: {table.name} has {held.rows:,} rows with digest {held}; the copy of "
                    f"{copy.milestone} has {copy.digest.rows:,} with {copy.digest}"
                )


def told(copies: Sequence[TableCopy]) -> str:
    """How much was copied: '2 tables, 1,234 rows, 56,789 bytes'."""
    rows = sum(copy.digest.rows for copy in copies)
    size_bytes = sum(copy.size_bytes for copy in copies)
    return f"{len(copies)} tables, {rows:,} rows, {size_bytes:,} bytes"


def _database(engine: Engine, url: URL) -> Any:
    """One snapshot for all that is read before the next commit."""
    return create_engine(
        url,
        poolclass=NullPool,
        isolation_level=Isolation.REPEATABLE_READ.value,
        connect_args={**engine.connect_arguments, **engine.loading.connect_arguments},
    )


def _tell(connection: Any, statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _see_whole(copy: TableCopy) -> None:
    hint = "nothing was changed; choose an earlier milestone, or bring the file back"
    try:
        found = file_digest(copy.path)
    except OSError:
        raise BackupError(f"backup at {copy.milestone}: '{copy.path}' is gone", hint) from None
    if found != copy.written:
        raise BackupError(
            f"backup at {copy.milestone}: '{copy.path}' has {found.rows:,} rows with digest "
            f"{found}; written were {copy.written.rows:,} with {copy.written}",
            hint,
        )


def _write_note(folder: Path, copies: Sequence[TableCopy]) -> None:
    content = {
        copy.table: [copy.digest.rows, copy.digest.total, copy.written.total] for copy in copies
    }
    write_whole(folder / _NOTE, json.dumps(content))


def _read_note(folder: Path, milestone: str) -> Sequence[TableCopy] | None:
    """What was copied at a milestone; None if nothing was."""
    path = folder / _NOTE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [
            TableCopy(
                milestone,
                table,
                folder / f"{table}.tsv",
                Digest(int(rows), int(total)),
                Digest(int(rows), int(written)),
            )
            for table, (rows, total, written) in content.items()
        ]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BackupError(f"backup at {milestone}: '{path}' cannot be read: {error}") from None
