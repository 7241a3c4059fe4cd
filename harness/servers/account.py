"""The user a server runs as.

An ordinary user's servers run as that user. Database servers refuse to run as root, or should: as
root the harness gives them to the engine's own user, else to `nobody`.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict


class Identity(TypedDict, total=False):
    """How `subprocess` is told to run something as another user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine."""

    uid: int
    gid: int
    ours: bool
    """Whether it is the user the harness itself runs as."""

    @classmethod
    def for_server(cls, wanted: str) -> Account:
        """Who runs a server: ourselves, or as root the wanted user or `nobody`."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), ours=True)
        for name in (wanted, "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            if entry.pw_uid != 0:
                return cls(entry.pw_uid, entry.pw_gid, ours=False)
        # The kernel's own number for nobody, where no user list exists (a bare container).
        return cls(65534, 65534, ours=False)

    def identity(self) -> Identity:
        """What to give to `subprocess`; empty if it is ourselves."""
        if self.ours:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make a file or folder this account's own."""
        if not self.ours:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether this account can enter every folder above a path, as far as modes tell."""
        return all(self._enters(folder) for folder in path.resolve().parents)

    def _enters(self, folder: Path) -> bool:
        status = folder.stat()
        if self.uid == status.st_uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if self.gid == status.st_gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)
