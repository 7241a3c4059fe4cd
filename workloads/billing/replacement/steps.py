"""The five steps of exam table 1 on a live server, in two ways, and what to do after a crash.

`watch` is told of each step before it begins. Whatever ends the process in between, `recover` puts
things right: it needs the server and the folder of files, and nothing of the process that died.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Table, not_, select
from sqlalchemy import Engine as Database

from harness.engines.engine import Engine
from harness.engines.replacing import Unlogged
from harness.errors import HarnessError, UsageError
from harness.loading.digest import server_digest
from harness.loading.lines import kind_of
from harness.loading.loader import driver_connection, opened
from harness.loading.row_file import file_digest
from harness.servers.asking import execute as tell
from harness.servers.asking import rows_of as ask
from schema.billing import bill
from workloads.billing.batch.bulk_deletion import BulkDeletionRequest, due_bills
from workloads.billing.replacement import new_tables
from workloads.billing.replacement.holding import swapped_by_another
from workloads.billing.replacement.new_tables import NAMES, TABLES, home_of, next_to, old_of
from workloads.billing.replacement.rows import (
    Note,
    RowFile,
    forget_note,
    read_note,
    see_whole,
    write_note,
)


class Step(Enum):
    """The steps, in their order; the numbers are those of exam table 1."""

    PREPARE = "make the new tables"
    EXTRACT = "① extract what stays"
    EMPTY = "② empty the tables"
    LOAD_BILLS = "③ load 請求"
    LOAD_LINES = "④ load 請求明細"
    LOGGED = "put the new tables under log"
    COPY = "⑤ full image copy"
    SWAP = "put the new tables in place"
    CLEAN = "drop the old tables"


IN_PLACE_STEPS: Final = (Step.EXTRACT, Step.EMPTY, Step.LOAD_BILLS, Step.LOAD_LINES, Step.COPY)
UNLOGGED_STEPS: Final = tuple(Step)
SWAP_STEPS: Final = tuple(step for step in Step if step is not Step.LOGGED)


class NotTheSameError(HarnessError):
    """What was loaded is not what was extracted."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """How many rows stay."""

    bills: int
    lines: int


class Replacement:
    """Replaces the two tables in a database; `folder` is there and belongs to this alone."""

    def __init__(
        self,
        engine: Engine,
        url: URL,
        request: BulkDeletionRequest,
        folder: Path,
        watch: Callable[[Step], None] = lambda _step: None,
    ) -> None:
        """Raises MonthNotOverError if it is not the last day of a month."""
        self._engine = engine
        self._how = engine.replacing
        self._url = url
        self._due = due_bills(request)
        self._folder = folder
        self._watch = watch

    def in_place(self) -> Replaced:
        """Replace as the exam does: everybody is shut out while the tables are emptied and filled.

        Where definitions do not change in transactions, access must stay stopped after a crash,
        until `recover` has filled the tables again.

        Raises:
            UsageError: a schema beside is somebody's; nothing was done.
            NotTheSameError: what was loaded differs; `recover` is needed.
            engine.driver_error: the server refused; `recover` is needed.
        """
        with self._opened() as (database, connection):
            home = home_of(database)
            # Not needed here; but `recover` must be able to tell whose they are.
            new_tables.see_ours(self._engine, database, home)
            self._watch(Step.EXTRACT)
            tell(connection, [*self._how.quiet, *self._how.hold_all(NAMES)])
            note = self._extract(connection, home)
            self._fill(connection, note, home)
            forget_note(self._folder)
            self._copy(connection, note)
            tell(connection, self._how.let_go)
            return _replaced(note)

    def swap(self, *, unlogged: bool = False) -> Replaced:
        """Replace by new tables: writers are shut out, and readers for the moment of the swap.

        `unlogged` fills the new tables while they have no log, and then puts them under it.

        Raises:
            UsageError: the engine has no such tables, or a schema beside is somebody's.
            NotTheSameError: what was loaded differs; the old tables are in use, `recover` tidies.
            engine.driver_error: the server refused; the same.
        """
        how = self._without_log() if unlogged else None
        with self._opened() as (database, holder), driver_connection(database) as other:
            home = home_of(database)
            filler = holder if self._how.one_transaction else other
            new_tables.see_ours(self._engine, database, home)
            self._watch(Step.PREPARE)
            new_tables.make(database, home)
            self._watch(Step.EXTRACT)
            tell(filler, self._how.quiet)
            tell(holder, self._how.hold(NAMES))
            note = self._extract(holder, home)
            # The old tables are there until the swap: nothing is ever filled again from the files.
            forget_note(self._folder)
            new = next_to(home)
            if how:
                tell(filler, [self._how.use.format(new), *how.begin(NAMES)])
            self._fill(filler, note, new)
            if how:
                self._watch(Step.LOGGED)
                tell(filler, how.end(NAMES))
            self._copy(filler, note)
            self._watch(Step.SWAP)
            statements = self._how.swap(NAMES, home, new, old_of(home))
            if self._how.one_transaction:
                tell(holder, [*statements, *self._how.let_go])
            else:
                swapped_by_another(self._engine, filler, holder, statements)
            self._watch(Step.CLEAN)
            new_tables.drop(self._engine, database, home)
            return _replaced(note)

    def recover(self) -> bool:
        """Put things right after a crash in any step; whether the replacement is done now.

        False means that the tables are as they were, and that it can be begun again.

        Raises:
            DamagedFileError: emptied tables cannot be filled again from these files.
            UsageError: a schema beside is somebody's; nothing was done.
        """
        with self._opened() as (database, connection):
            home = home_of(database)
            new_tables.see_ours(self._engine, database, home)
            swapped = new_tables.are_swapped(database, home)
            new_tables.drop(self._engine, database, home)
            note = read_note(self._folder, TABLES)
            if swapped or note is None or self._are_untouched(connection, home):
                return swapped
            for file in note.files:
                see_whole(file)
            tell(connection, [*self._how.quiet, *self._how.hold_all(NAMES)])
            self._fill(connection, note, home)
            forget_note(self._folder)
            tell(connection, self._how.let_go)
            return True

    def _without_log(self) -> Unlogged:
        if self._how.unlogged is None:
            raise UsageError(
                f"{self._engine.name}: has no tables without log that can become ordinary ones",
                "replace in place, or by swap with log",
            )
        return self._how.unlogged

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Database, Any]]:
        with opened(self._engine, self._url) as database, driver_connection(database) as connection:
            tell(connection, self._how.fresh)
            yield database, connection

    def _are_untouched(self, connection: Any, home: str) -> bool:
        """Whether bills that are due are still there: 請求 is the first to be emptied."""
        tell(connection, [self._how.use.format(home)])
        due = self._said(select(bill.c.bill_no).where(self._due).limit(1))
        found = bool(ask(connection, due))
        connection.rollback()
        return found

    def _extract(self, connection: Any, home: str) -> Note:
        """Step ①: the rows that stay, on the disk, with a note that says so."""
        forget_note(self._folder)
        files = [self._written(connection, t, self._that_stay(t), self._folder) for t in TABLES]
        counter = self._how.counter.format(schema=home, table=bill.name, column=bill.c.bill_no.name)
        note = Note(files, int(ask(connection, counter)[0][0]))
        write_note(self._folder, note)
        return note

    def _fill(self, connection: Any, note: Note, schema: str) -> None:
        """Steps ② to ④ on the tables of a schema, and the proof that they hold what was written."""
        self._watch(Step.EMPTY)
        tell(connection, [self._how.use.format(schema), *self._how.fill(NAMES)])
        for step, file in zip((Step.LOAD_BILLS, Step.LOAD_LINES), note.files, strict=True):
            self._watch(step)
            self._how.load(connection, file.table.name, file.columns, file.path)
            found = server_digest(self._engine, connection, file.table)
            if found != file.digest:
                raise NotTheSameError(
                    f"{file.table.name}: holds {found.rows:,} rows with digest {found}; "
                    f"extracted were {file.digest.rows:,} with {file.digest}"
                )
        if not self._how.one_transaction:
            connection.commit()
        count = {"table": bill.name, "column": bill.c.bill_no.name, "number": note.next_bill_no}
        tell(connection, [self._how.count_from.format(**count)])

    def _copy(self, connection: Any, note: Note) -> None:
        """Step ⑤: all rows of the new tables to files, the same that were extracted."""
        self._watch(Step.COPY)
        folder = self._folder / "copy"
        folder.mkdir(exist_ok=True)
        for file in note.files:
            by_key = ", ".join(column.name for column in file.table.primary_key.columns)
            copied = self._written(connection, file.table, f"ORDER BY {by_key}", folder)
            if copied.digest != file.digest:
                raise NotTheSameError(f"{file.table.name}: its image copy is not what was loaded")

    def _written(self, connection: Any, table: Table, rest: str, folder: Path) -> RowFile:
        loading = self._engine.loading
        columns = [
            (c.name, loading.text_of[kind_of(c.type)].format(loading.quoted.format(c.name)))
            for c in table.columns
        ]
        path = folder / f"{table.name}.tsv"
        rows = self._how.extract(connection, table.name, columns, rest, path)
        file = RowFile(table, path, file_digest(path))
        if file.digest.rows != rows:
            raise NotTheSameError(
                f"{table.name}: {rows:,} rows were sent, {file.digest.rows:,} were written"
            )
        return file

    def _that_stay(self, table: Table) -> str:
        """What follows the table's name in a query for the rows that stay, in order of the key."""
        stays = not_(self._due)
        if table is not bill:
            stays = table.c.bill_no.in_(select(bill.c.bill_no).where(stays))
        wanted = select(table.c.bill_no).where(stays).order_by(*table.primary_key.columns)
        # The table stands first behind FROM, and once: a locked table has one name.
        return self._said(wanted).partition(f"FROM {table.name}")[2]

    def _said(self, query: Any) -> str:
        """A query with its values in it, as the driver's own connection takes it."""
        with opened(self._engine, self._url) as database:
            compiled = query.compile(database, compile_kwargs={"literal_binds": True})
        return " ".join(str(compiled).split())


def _replaced(note: Note) -> Replaced:
    bills, lines = note.files
    return Replaced(bills.digest.rows, lines.digest.rows)
