"""Where the harness keeps things on this machine: the cache, and one folder for each server."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs

from harness.errors import ServerError
from harness.servers.account import Account

# sockaddr_un.sun_path has 108 bytes on Linux and 104 elsewhere; the longest name we put into a
# socket folder is PostgreSQL's '.s.PGSQL.65535.lock'.
LONGEST_SOCKET_FOLDER = 80


def cache() -> Path:
    """What is kept between runs: `HARNESS_CACHE`, else the user's cache folder; made if needed."""
    chosen = os.environ.get("HARNESS_CACHE")
    places = [Path(chosen)] if chosen else [platformdirs.user_cache_path("harness")]
    if not chosen:
        places.append(Path(tempfile.gettempdir()) / f"harness-cache-{os.getuid()}")
    return _first_usable(places)


def shared_cache(account: Account) -> Path:
    """The same, where an account that servers run as can read it."""
    place = cache()
    if account.ours or account.reaches(place / "any"):
        return place
    return _first_usable([_shared()], mode=0o755)


def caches() -> list[Path]:
    """Every folder that this user's cache may be in."""
    return [place for place in (cache(), _shared()) if place.is_dir()]


def _shared() -> Path:
    return Path(f"/var/tmp/harness-cache-{os.getuid()}")  # noqa: S108 -- its owner is checked


def _first_usable(places: list[Path], mode: int = 0o700) -> Path:
    for place in places:
        try:
            place.mkdir(mode=mode, parents=True, exist_ok=True)
        except OSError:
            continue
        # Somebody else could have made a folder with our name among the temporary ones.
        if os.access(place, os.W_OK) and place.stat().st_uid == os.geteuid():
            return place
    raise ServerError(
        f"cache: no folder can be written (tried {', '.join(str(place) for place in places)})",
        "set HARNESS_CACHE to a folder of yours",
    )


def for_server(name: str, account: Account) -> Path:
    """The path of a folder for one server, not made yet, where its account can reach it.

    Raises:
        ServerError: no temporary folder can be reached by that account.
    """
    tried = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108 -- the folder made in there is private
    for base in tried:
        if base.is_dir() and os.access(base, os.W_OK) and account.reaches(base / name):
            return base / name
    raise ServerError(
        f"temporary folder: user {account.uid} can enter none of "
        + ", ".join(str(base) for base in tried),
        "as root, servers run as another user: set TMPDIR to a folder that all users can enter",
    )


def for_sockets(name: str, folder: Path) -> Path:
    """The path of a folder for unix sockets: below `folder`, if the path stays short enough."""
    inside = folder / "sockets"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    return Path("/tmp") / f"{name}-s"  # noqa: S108 -- the folder made there is private


def make_private(folder: Path, account: Account) -> None:
    """Make a folder that only its account can enter.

    Raises:
        FileExistsError: somebody made it before.
    """
    folder.mkdir(mode=0o700)
    account.give(folder)


def write_private(path: Path, text: str, account: Account) -> None:
    """Write a file that only its account can read, from its first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        account.give(path)
        file.write(text)
