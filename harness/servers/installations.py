"""Find the programs of a server on this machine, and see that they really run.

Looked at in this order: folders the user named, the path, and where packages put their programs
(the newest first). A program counts only after `--version` has run as the user it will run as.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.engines.engine import Engine
from harness.engines.recipe import Installation, LocalRecipe, Version
from harness.errors import ServerError
from harness.servers import unpacked
from harness.servers.account import Account
from harness.servers.programs import Programs

_PROBE_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Unusable:
    """A server program that was found and cannot be used."""

    path: Path
    reason: str


def find(engine: Engine, roots: tuple[Path, ...]) -> Iterator[Programs | Unusable]:
    """Every installation of an engine's server, best first, each probed when asked for."""
    recipe = engine.recipe.local
    account = Account.for_server(recipe.account)
    seen: set[Path] = set()
    for root in roots:
        for path in _in_folder(recipe, root.resolve()):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield from _known(_unpacked(engine, root.resolve(), path, account))
    for path in _on_machine(recipe):
        if path.resolve() not in seen:
            seen.add(path.resolve())
            yield from _known(probe(engine, path, account))


def _known(found: Programs | Unusable | None) -> Iterator[Programs | Unusable]:
    if found is not None:
        yield found


def _in_folder(recipe: LocalRecipe, root: Path) -> Iterator[Path]:
    """Server programs below a folder that the user named."""
    for program in recipe.programs:
        packaged = [
            folder
            for pattern in recipe.folders
            for folder in sorted(root.glob(pattern), key=_newest_first, reverse=True)
        ]
        for folder in (*packaged, root / "bin", root / "sbin", root):
            if os.access(folder / program, os.X_OK):
                yield folder / program


def _on_machine(recipe: LocalRecipe) -> Iterator[Path]:
    for program in recipe.programs:
        on_path = shutil.which(program)
        if on_path is not None:
            # A link such as /usr/local/bin/postgres hides where its companions are.
            yield Path(on_path).resolve()
    yield from _in_folder(recipe, Path("/"))


def _newest_first(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(folder)))


def _unpacked(
    engine: Engine, root: Path, path: Path, account: Account
) -> Programs | Unusable | None:
    if unpacked.loader(root) is None:
        return probe(engine, path, account, {"LD_LIBRARY_PATH": unpacked.library_path(root)})
    if not account.reaches(path):
        return Unusable(path, f"is in a folder that user {account.uid} cannot enter")
    try:
        return probe(engine, unpacked.mirrored(root, path, account), account, origin=path)
    except (OSError, ServerError) as error:
        return Unusable(path, f"cannot be mirrored ({error})")


def probe(
    engine: Engine,
    path: Path,
    account: Account,
    environment: Mapping[str, str] | None = None,
    origin: Path | None = None,
) -> Programs | Unusable | None:
    """Run a server program's `--version`; None if it is another engine's."""
    said = _version_text(path, account, environment or {})
    if isinstance(said, Unusable):
        return said
    try:
        version: Version = engine.recipe.local.parse_program(said)
    except ValueError:
        return None
    if version < engine.oldest_supported:
        oldest = ".".join(str(number) for number in engine.oldest_supported)
        found = ".".join(str(number) for number in version)
        return Unusable(path, f"is version {found}; the oldest supported is {oldest}")
    return Programs(Installation(path, version), account, environment or {}, origin)


def _version_text(path: Path, account: Account, environment: Mapping[str, str]) -> str | Unusable:
    try:
        done = subprocess.run(
            [str(path), "--version"],
            capture_output=True,
            check=False,
            cwd="/",
            timeout=_PROBE_LIMIT_S,
            env={"PATH": os.defpath, "LANG": "C", **environment},
            **account.identity(),
        )
    except subprocess.TimeoutExpired:
        return Unusable(path, f"did not answer --version within {_PROBE_LIMIT_S:g} s")
    except OSError as error:
        return Unusable(path, f"cannot be run as user {account.uid} ({error.strerror})")
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().split("\n")[-1]
        return Unusable(path, f"--version ended with exit status {done.returncode} ({words})")
    return done.stdout.decode(errors="replace").strip()
