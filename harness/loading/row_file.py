"""Files of rows, one to a line: their digest, and what makes them and a note on them last."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from harness.engines.loading import DIGEST_DIGITS
from harness.loading.digest import Digest


def file_digest(path: Path) -> Digest:
    """The digest of a file's lines, as it is asked of a server for its table's rows.

    Raises:
        OSError: the file cannot be read.
    """
    rows = total = 0
    with path.open("rb") as file:
        for line in file:
            total += int(sha256(line.rstrip(b"\n")).hexdigest()[:DIGEST_DIGITS], 16)
            rows += 1
    return Digest(rows, total)


def flush(path: Path) -> None:
    """See that a file, or a folder's list of files, is on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all, whatever happens, and stays once it is."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(text, encoding="utf-8")
    flush(unfinished)
    unfinished.rename(path)
    flush(path.parent)
