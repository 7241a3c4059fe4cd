"""Prepared data directories: made once, then copied for every start.

Making one takes an engine between half a second and ten; copying it takes a tenth. A template is
put into the cache by one rename, so there is never half of one, and it comes with a list of what
it holds, so that one which somebody damaged is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from harness.engines.engine import Engine, Profile
from harness.engines.recipe import Command
from harness.errors import ServerError
from harness.servers import folders
from harness.servers.guard import Guard, made_whole
from harness.servers.programs import Programs
from harness.servers.register import new_name

_PLACE = Path("/place")
_UNUSED_S = 30 * 24 * 3600


def copy_to(data: Path, engine: Engine, programs: Programs, profile: Profile) -> None:
    """Fill a data directory that does not exist yet.

    Raises:
        ServerError: the engine's own program could not make one.
    """
    entry = folders.cache() / "data" / _key(engine, programs, profile)
    if not _whole(entry):
        shutil.rmtree(entry, ignore_errors=True)
        _make(entry, engine, programs, profile)
        _forget_unused(entry.parent)
    (entry / "contents.json").touch()
    _copy(entry / "data", data)


def _forget_unused(templates: Path) -> None:
    """Remove templates that nobody copied for a month: mostly of servers that were upgraded."""
    for contents in templates.glob("*/contents.json"):
        try:
            unused_s = time.time() - contents.stat().st_mtime
        except FileNotFoundError:
            continue  # another run forgets it at the same time
        if unused_s > _UNUSED_S:
            shutil.rmtree(contents.parent, ignore_errors=True)


def _key(engine: Engine, programs: Programs, profile: Profile) -> str:
    installation = programs.installation
    status = installation.server.stat()
    command = engine.recipe.local.initialise(installation, _PLACE, profile)
    facts = (
        str(installation.server),
        status.st_mtime_ns,
        status.st_size,
        programs.account.uid,
        repr(command),
        repr(sorted(engine.recipe.local.files.items())),
    )
    digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:12]
    version = ".".join(str(number) for number in installation.version)
    return f"{engine.name}-{version}-{digest}"


def _make(entry: Path, engine: Engine, programs: Programs, profile: Profile) -> None:
    name = new_name()
    workplace = folders.for_server(name, programs.account)
    guard = Guard(f"{engine.name}, new data directory", folders=(workplace,), name=name)
    try:
        folders.make_private(workplace, programs.account)
        data = workplace / "data"
        folders.make_private(data, programs.account)
        command = engine.recipe.local.initialise(programs.installation, data, profile)
        done = programs.run(
            command.program,
            command.arguments,
            folder=workplace,
            standard_input=_standard_input(command, programs),
        )
        if done.returncode != 0:
            raise ServerError(
                f"{engine.name}: {command.program} cannot make a data directory"
                f" (exit status {done.returncode})",
                *_last_words(done),
            )
        for file, text in engine.recipe.local.files.items():
            folders.write_private(data / file, text, programs.account)
        for file in engine.recipe.local.individual:
            (data / file).unlink(missing_ok=True)
        _keep(data, entry)
    finally:
        guard.release()


def _standard_input(command: Command, programs: Programs) -> bytes:
    base = programs.installation.base
    text = command.preamble.encode()
    for names in command.inputs:
        path = next((base / name for name in names if (base / name).is_file()), None)
        if path is None:
            raise ServerError(
                f"{programs.installation.server}: none of its files {', '.join(names)}"
                f" is in '{base}'",
                "was the package unpacked as a whole?",
            )
        text += path.read_bytes()
    return text + command.postscript.encode()


def _last_words(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    lines = (done.stdout + b"\n" + done.stderr).decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    errors = [line for line in said if "error" in line.lower()] or said
    return [f"it said: {line[:300]}" for line in errors[:3]]


def _keep(data: Path, entry: Path) -> None:
    """Put a new template into the cache, whole or not at all."""
    with made_whole(entry, f"template {entry.name}") as unfinished:
        unfinished.mkdir(mode=0o700)
        _copy(data, unfinished / "data")
        contents = json.dumps(_contents(unfinished / "data"))
        (unfinished / "contents.json").write_text(contents, encoding="utf-8")
        # The engines were told not to flush; a power cut must not leave files that only look whole.
        os.sync()


def _whole(entry: Path) -> bool:
    try:
        contents = json.loads((entry / "contents.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(contents == _contents(entry / "data"))


def _contents(data: Path) -> dict[str, list[int]]:
    """Every file with its size in bytes and the time of its last change in nanoseconds."""
    found = {}
    for folder, _, files in os.walk(data):
        for file in files:
            path = Path(folder) / file
            status = path.stat()
            found[str(path.relative_to(data))] = [status.st_size, status.st_mtime_ns]
    return found


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with owners and modes; the blocks are shared where the file system can."""
    copied = subprocess.run(
        ["cp", "-a", "--reflink=auto", "--", str(source), str(target)],
        capture_output=True,
        check=False,
        cwd=target.parent,  # where it is found and ended if we are killed
        start_new_session=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    if copied.returncode == 0:
        return
    shutil.rmtree(target, ignore_errors=True)
    words = copied.stderr.decode(errors="replace").strip().split("\n")[-1]
    if "No space left" in words:
        raise ServerError(f"{target}: no space left on the device", "set TMPDIR to a larger one")
    shutil.copytree(source, target, symlinks=True)  # a `cp` of another make
    for path in (target, *target.rglob("*")):
        status = (source / path.relative_to(target)).lstat()
        if os.geteuid() == 0:
            os.chown(path, status.st_uid, status.st_gid, follow_symlinks=False)
