"""Run a server's programs: once, and for as long as the server lives."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.engines.recipe import Installation
from harness.errors import ServerError
from harness.servers.account import Account


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one installation, and how they are run here."""

    installation: Installation
    account: Account
    environment: Mapping[str, str] = field(default_factory=dict)
    """What they need besides, such as where their libraries are."""

    origin: Path | None = None
    """Where the server program was found, if what is run is a stand-in for that."""

    def __str__(self) -> str:
        return f"local {self.origin or self.installation.server}"

    def path(self, name: str) -> Path | None:
        """A program by its name: beside the server program, else in `bin` or `sbin`."""
        base = self.installation.base
        for folder in (self.installation.server.parent, base / "bin", base / "sbin"):
            if os.access(folder / name, os.X_OK):
                return folder / name
        return None

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The whole environment of a program: nothing of ours but the path."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C",
            "TZ": "UTC",
            **self.environment,
            **(more or {}),
        }

    def run(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        folder: Path,
        standard_input: bytes = b"",
        more: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program to its end, inside a folder of ours so that it can be found.

        Raises:
            ServerError: there is no such program.
        """
        path = self.path(name)
        if path is None:
            raise ServerError(
                f"{name}: not among the programs of {self.installation.server}",
                "does another package hold it?",
            )
        return subprocess.run(
            [str(path), *arguments],
            input=standard_input,
            capture_output=True,
            check=False,
            cwd=folder,
            env=self.variables(more),
            start_new_session=True,
            umask=0o077,
            **self.account.identity(),
        )

    def spawn(
        self, arguments: Sequence[str], *, folder: Path, log: Path
    ) -> subprocess.Popen[bytes]:
        """Start the server program as a child of ours; what it says is appended to its log."""
        with log.open("ab") as file:
            self.account.give(log)
            return subprocess.Popen(
                [str(self.installation.server), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=self.variables(),
                start_new_session=True,
                umask=0o077,
                **self.account.identity(),
            )
