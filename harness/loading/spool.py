"""A part of a dataset as files: so many blocks, one file for each table.

Spools are small beside the dataset, whatever its scale: the next one is written while the server
takes the one before, and each is removed once it has been loaded.
"""

from __future__ import annotations

import errno
import itertools
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Table

from harness.errors import ServerError
from harness.loading.dataset import Generated
from harness.loading.digest import Digest
from harness.loading.lines import Lines

BLOCKS = 10


@dataclass(frozen=True, slots=True)
class TableFile:
    """The lines of one table."""

    table: Table
    path: Path
    rows: int

    @property
    def columns(self) -> Sequence[str]:
        """The columns in the order of a line's values."""
        return [column.name for column in self.table.columns]


@dataclass(frozen=True, slots=True)
class Spool:
    """Files in the order in which they can be loaded."""

    folder: Path
    files: Sequence[TableFile]
    blocks: int

    def remove(self) -> None:
        """Remove the files."""
        shutil.rmtree(self.folder)


class Spooler:
    """Writes a dataset into spools, one at a time, and adds up the digests."""

    def __init__(self, generated: Generated, folder: Path, blocks: int = BLOCKS) -> None:
        """`folder` is there and empty; a spool holds so many `blocks`."""
        # Sorted, so that what a row refers to is loaded before it.
        self._tables = {table.name: table for table in generated.metadata.sorted_tables}
        self._lines = {name: Lines(table) for name, table in self._tables.items()}
        self._blocks = generated.rows()
        self._folder = folder
        self._size = blocks
        self._numbers = itertools.count(1)

    def write(self) -> Spool | None:
        """Write the next spool; None if there is no more.

        Raises:
            ServerError: there is no room for the files.
        """
        folder = self._folder / str(next(self._numbers))
        try:
            folder.mkdir()
            spool = self._write(folder)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            raise ServerError(
                f"folder {self._folder}: no room left for the files to be loaded",
                "name another folder for temporary files in TMPDIR",
            ) from error
        return spool if spool.blocks else None

    def digests(self) -> dict[str, Digest]:
        """The digest of each table, of all that has been written."""
        return {name: Digest(lines.rows, lines.total) for name, lines in self._lines.items()}

    def _write(self, folder: Path) -> Spool:
        rows = dict.fromkeys(self._lines, 0)
        blocks = 0
        with ExitStack() as stack:
            files = {
                name: stack.enter_context((folder / f"{name}.tsv").open("wb")) for name in rows
            }
            for block in itertools.islice(self._blocks, self._size):
                blocks += 1
                for name, values in block.items():
                    files[name].write(self._lines[name].of(values))
                    rows[name] += len(values)
        return Spool(
            folder,
            [
                TableFile(self._tables[name], folder / f"{name}.tsv", number)
                for name, number in rows.items()
                if number
            ],
            blocks,
        )
