"""Every run is kept: what is needed to read it later and to repeat it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import HarnessError


def default_folder() -> Path:
    """`runs` in the current folder, or what HARNESS_RUNS says."""
    return Path(os.environ.get("HARNESS_RUNS", "runs"))


def can_be_made(folder: Path) -> bool:
    """Whether a folder can be written, or be made where it is missing."""
    there = next(
        place for place in (folder.absolute(), *folder.absolute().parents) if place.exists()
    )
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def store(folder: Path, command: Sequence[str], content: Mapping[str, Any]) -> Path:
    """Keep a run's document with the command that made it; the file written.

    Raises:
        HarnessError: the folder cannot be written.
    """
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    path = folder / name / "run.json"
    try:
        path.parent.mkdir(parents=True)
    except OSError as error:
        raise HarnessError(
            f"run '{path}': cannot be stored: {words(error)}",
            "--runs DIR, or the variable HARNESS_RUNS, names another folder",
        ) from error
    write(path, {"command": list(command), **content})
    return path


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a document as text that can be compared line by line: the whole of it, or nothing.

    Raises:
        HarnessError: it cannot be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    try:
        if path.exists() and not path.is_file():  # a pipe, or the terminal
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise HarnessError(
            f"'{path}': cannot be written: {words(error)}", "is there room, and is it yours?"
        ) from error


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(2)}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def words(error: OSError) -> str:
    """What the operating system says, beginning with a small letter as the rest of a message does.

    >>> words(OSError(28, "No space left on device"))
    'no space left on device'
    """
    said = error.strerror or str(error)
    return said[:1].lower() + said[1:]
