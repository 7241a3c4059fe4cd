"""Programs from unpacked packages: a folder filled by `dpkg-deb -x`, or a whole root tree.

Unpacked packages find their libraries by LD_LIBRARY_PATH. A whole root tree brings a C library of
its own, maybe newer than this machine's: its programs must be started by its own loader, and so
must the programs that they start. Hence a *mirror*: the same paths, made of links, with a small
script in place of each program. The programs find their files relative to the mirror.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from pathlib import Path

from harness.servers import folders
from harness.servers.account import Account
from harness.servers.guard import made_whole

_LOADERS = ("lib64/ld-linux-*.so.*", "lib/ld-linux-*.so.*", "lib/ld-musl-*.so.*")
_LIBRARIES = ("usr/lib/*-linux-*", "lib/*-linux-*", "usr/lib64", "usr/lib", "lib64", "lib")


def loader(root: Path) -> Path | None:
    """The dynamic loader of a whole root tree; None if this is no such tree."""
    for pattern in _LOADERS:
        for found in sorted(root.glob(pattern)):
            if os.access(found, os.X_OK):
                return found
    return None


def library_path(root: Path) -> str:
    """Where a tree's libraries are, as the loader and LD_LIBRARY_PATH take it."""
    found = [
        folder
        for pattern in _LIBRARIES
        for folder in sorted(root.glob(pattern))
        if folder.is_dir() and next(folder.glob("*.so*"), None) is not None
    ]
    return os.pathsep.join(str(folder) for folder in found)


def mirrored(root: Path, program: Path, account: Account) -> Path:
    """The same program in a mirror of its root tree; the mirror is made once.

    Only the folder the program is in, and its neighbours `bin` and `sbin`, hold scripts; all other
    names are links into the tree.
    """
    start = loader(root)
    assert start is not None, f"{root} is no root tree"
    inside = program.relative_to(root)
    facts = f"{root}:{inside}:{program.stat().st_mtime_ns}:{start}"
    stamp = hashlib.sha256(facts.encode()).hexdigest()[:12]
    mirror = folders.shared_cache(account) / f"mirror-{program.name}-{stamp}"
    if not (mirror / inside).exists():
        with made_whole(mirror, f"mirror of {program}") as unfinished:
            _make(root, inside.parent, unfinished, start)
    return mirror / inside


def _make(root: Path, programs: Path, mirror: Path, start: Path) -> None:
    words = [str(start), "--library-path", library_path(root)]
    base = programs.parent
    wrapped = {programs} | {
        base / name for name in ("bin", "sbin") if (root / base / name).is_dir()
    }
    opened = {Path(), *programs.parents}
    for folder in sorted(opened):
        (mirror / folder).mkdir(mode=0o755, parents=True, exist_ok=True)
        for entry in (root / folder).iterdir():
            inside = folder / entry.name
            if inside not in opened and inside not in wrapped:
                (mirror / inside).symlink_to(entry)
    for folder in wrapped:
        (mirror / folder).mkdir(mode=0o755)
        for entry in (root / folder).iterdir():
            _stand_in(entry, mirror / folder / entry.name, words)


def _stand_in(program: Path, place: Path, words: list[str]) -> None:
    if not _is_binary(program):
        place.symlink_to(program)
        return
    command = " ".join(shlex.quote(word) for word in words)
    # --argv0 lets the program believe in its place in the mirror, where its companions are scripts.
    place.write_text(
        f'#!/bin/sh\nexec {command} --argv0 "$0" {shlex.quote(str(program))} "$@"\n',
        encoding="utf-8",
    )
    place.chmod(0o755)


def _is_binary(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False
