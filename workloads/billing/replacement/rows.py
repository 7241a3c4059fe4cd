"""The files of rows that stay: what is in them, and whether they are whole.

A file is believed only with its note, written when the rows were on the disk: how many there are,
and their digest. What was damaged since is refused whole, with its line where the line shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Table

from harness.engines.loading import ValueKind
from harness.errors import HarnessError
from harness.loading.digest import Digest
from harness.loading.lines import kind_of
from harness.loading.row_file import file_digest, flush, write_whole

_NOTE = "note.json"
_NULL = r"\N"


class DamagedFileError(HarnessError):
    """A file of rows is not what was written; nothing of it was loaded."""


@dataclass(frozen=True, slots=True)
class RowFile:
    """The rows of one table in a file."""

    table: Table
    path: Path
    digest: Digest

    @property
    def columns(self) -> Sequence[str]:
        """The columns in the order of a line's values."""
        return [column.name for column in self.table.columns]


@dataclass(frozen=True, slots=True)
class Note:
    """What was written to the files of a folder."""

    files: Sequence[RowFile]
    next_bill_no: int
    """The number that the engine gives the next bill: not one that a deleted bill had."""


def write_note(folder: Path, note: Note) -> None:
    """Note down what the files hold, when they and the note itself are on the disk."""
    for file in note.files:
        flush(file.path)
    content = {
        "files": {f.table.name: [f.digest.rows, f.digest.total] for f in note.files},
        "next_bill_no": note.next_bill_no,
    }
    write_whole(folder / _NOTE, json.dumps(content))


def read_note(folder: Path, tables: Sequence[Table]) -> Note | None:
    """What was noted down; None if nothing was, or it is not needed any more."""
    try:
        content = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    files = [
        RowFile(t, folder / f"{t.name}.tsv", Digest(*content["files"][t.name])) for t in tables
    ]
    return Note(files, content["next_bill_no"])


def forget_note(folder: Path) -> None:
    """From here on nothing may be filled again from the files."""
    (folder / _NOTE).unlink(missing_ok=True)
    flush(folder)


def see_whole(file: RowFile) -> None:
    """See that a file is what was written.

    Raises:
        DamagedFileError: it is not; the message names the line that has no row, if one has none.
    """
    checks = [_CHECKS[kind_of(column.type)] for column in file.table.columns]
    try:
        with file.path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                _see_line(file, checks, number, line)
    except FileNotFoundError:
        raise DamagedFileError(f"{file.path.name}: is not there", _HINT) from None
    except UnicodeDecodeError as error:
        raise DamagedFileError(f"{file.path.name}: is no text: {error.reason}", _HINT) from None
    found = file_digest(file.path)
    if found != file.digest:
        raise DamagedFileError(
            f"{file.path.name}: has {found.rows:,} rows with digest {found}; written were "
            f"{file.digest.rows:,} with {file.digest}",
            _HINT,
        )


_HINT = "nothing was loaded; restore the file, or the tables from their last image copy and the log"


def _see_line(
    file: RowFile, checks: Sequence[Callable[[str], object]], number: int, line: str
) -> None:
    where = f"{file.path.name}: line {number}"
    if not line.endswith("\n"):
        raise DamagedFileError(f"{where}: has no end; the file was cut", _HINT)
    values = line[:-1].split("\t")
    if len(values) != len(checks):
        raise DamagedFileError(f"{where}: has {len(values)} values, not {len(checks)}", _HINT)
    for column, check, value in zip(file.table.columns, checks, values, strict=True):
        if value == _NULL and column.nullable:
            continue
        try:
            check(value)
        except ValueError:
            raise DamagedFileError(
                f"{where}: {column.name} is {value!r}, which is no {kind_of(column.type).value}",
                _HINT,
            ) from None


_CHECKS: Mapping[ValueKind, Callable[[str], object]] = {
    ValueKind.TEXT: str,
    ValueKind.NUMBER: int,
    ValueKind.DATE: date.fromisoformat,
}
