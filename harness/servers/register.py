"""The register on disk: one file for each thing that was started and must be ended.

A record is written before its thing is started and removed after the thing is gone, so whatever
interrupts the harness, the register never lists too little. `harness servers clean` reads it.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from harness.errors import ServerError
from harness.servers.owner import Owner

LABEL_ID = "org.harness.id"
LABEL_OWNER = "org.harness.owner"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was, or is about to be, started."""

    name: str
    """Told apart from all others: 'harness-4f1c09a2'. Containers carry it as a label."""
    owner: Owner
    what: str
    """In words, for people: 'postgresql, local /usr/lib/postgresql/15/bin'."""
    folders: tuple[str, ...] = ()
    """Folders to remove. Every process that works inside one belongs to the thing."""
    container: bool = False
    """Whether containers and volumes with this name as a label belong to the thing."""

    def as_json(self) -> str:
        """The record as one line.

        >>> record = Record("harness-1", Owner(7, 1.5, "boot:1"), "postgresql", ("/tmp/x",))
        >>> Record.parse(record.as_json()) == record
        True
        """
        return json.dumps(
            {
                "name": self.name,
                "owner": str(self.owner),
                "what": self.what,
                "folders": list(self.folders),
                "container": self.container,
            }
        )

    @classmethod
    def parse(cls, text: str) -> Record:
        """The record that `as_json` wrote.

        Raises:
            ValueError: it is no record.
        """
        try:
            fields = json.loads(text)
            return cls(
                name=str(fields["name"]),
                owner=Owner.parse(fields["owner"]),
                what=str(fields["what"]),
                folders=tuple(str(folder) for folder in fields["folders"]),
                container=bool(fields["container"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a record: {text[:80]!r}") from error


def new_name() -> str:
    """A name that nothing else has."""
    return f"harness-{secrets.token_hex(4)}"


def folder() -> Path:
    """Where the register is: `HARNESS_STATE`, else the user's state folder, made if needed.

    A home folder that cannot be written (as a service account's) is replaced by a private folder
    among the temporary ones.

    Raises:
        ServerError: none can be written, or the one among the temporary ones is somebody else's.
    """
    chosen = os.environ.get("HARNESS_STATE")
    fallback = _fallback()
    places = [Path(chosen)] if chosen else [platformdirs.user_state_path("harness"), fallback]
    for place in places:
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        # Anybody can make a folder there, and records say what is to be ended and removed.
        ours = place != fallback or place.stat().st_uid == os.geteuid()
        if ours and os.access(place, os.W_OK):
            return place
    raise ServerError(
        f"register: no folder is ours to write (tried {', '.join(map(str, places))})",
        "set HARNESS_STATE to a folder of yours",
    )


def _fallback() -> Path:
    return Path(tempfile.gettempdir()) / f"harness-state-{os.getuid()}"


def write(record: Record) -> None:
    """Put a record into the register; it is on disk when this returns."""
    path = folder() / f"{record.name}.json"
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(record.as_json() + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def remove(name: str) -> None:
    """Take a record out of the register; no matter if it is not there."""
    (folder() / f"{name}.json").unlink(missing_ok=True)


def records() -> Iterator[Record]:
    """All records, oldest names first. A file that is no record is left alone."""
    for path in sorted(folder().glob("harness-*.json")):
        try:
            yield Record.parse(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
