"""`--script DIR`: the findings as files to be typed into the engines' own clients."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import HarnessError, UsageError
from harness.interleave.cell import Cell
from harness.report import runs
from harness.report.script import script_of


def see_folder(folder: Path | None) -> None:
    """See that a folder for scripts can be written before work is done for them.

    Raises:
        UsageError: it cannot.
    """
    if folder is None:
        return
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--script '{folder}': is not a folder", "name another one")
    there = folder if folder.exists() else folder.absolute().parent
    if not there.is_dir():
        raise UsageError(f"--script '{folder}': its folder does not exist", "make the folder first")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"--script '{folder}': cannot be written", "is it yours?")


def write_scripts(folder: Path, cells: Sequence[Cell]) -> Iterator[str]:
    """Write one folder for each cell that has something to show; what was written, or why not.

    Raises:
        HarnessError: a file cannot be written.
    """
    shown = [cell for cell in cells if cell.recorded is not None or cell.finding is not None]
    if not shown:
        yield f"no script in '{folder}': nothing was found"
    for cell in shown:
        place = folder / f"{cell.engine}-{cell.isolation.slug}-{cell.variant}"
        try:
            files = script_of(cell)
        except HarnessError as error:
            yield f"no script in '{place}': {error.explain()}"
            continue
        try:
            place.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (place / name).write_text(content, encoding="utf-8")
        except OSError as error:
            raise HarnessError(
                f"--script '{place}': cannot be written: {runs.words(error)}", "is it yours?"
            ) from error
        yield f"script: {place}"
