"""Every run is kept: what is needed to read it later and to repeat it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import HarnessError


def default_folder() -> Path:
    """`runs` in the current folder, or what HARNESS_RUNS says."""
    return Path(os.environ.get("HARNESS_RUNS", "runs"))


def store(folder: Path, command: Sequence[str], content: dict[str, Any]) -> Path:
    """Keep a run's document with the command that made it; the file written.

    Raises:
        HarnessError: the folder cannot be written.
    """
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    path = folder / name / "run.json"
    try:
        path.parent.mkdir(parents=True)
        write(path, {"command": list(command), **content})
    except OSError as error:
        raise HarnessError(
            f"run '{path}': cannot be stored: {error.strerror}",
            "--runs DIR, or the variable HARNESS_RUNS, names another folder",
        ) from error
    return path


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a document as text that can be compared line by line: the whole of it, or nothing."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(2)}")
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
