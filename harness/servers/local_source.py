"""The source of servers from programs on this machine."""

from __future__ import annotations

import functools

from harness.engines.engine import Engine
from harness.servers.installations import Unusable, find
from harness.servers.local import open_local
from harness.servers.offer import Missing, Offer
from harness.servers.options import ServerOptions


def offer(engine: Engine, options: ServerOptions) -> Offer | Missing:
    """The first installation that runs here."""
    reasons = []
    for found in find(engine, options.folders):
        if isinstance(found, Unusable):
            reasons.append(f"{found.path} {found.reason}")
            continue
        source = str(found)
        version = ".".join(str(number) for number in found.installation.version)
        return Offer(
            engine, "local", source, version, functools.partial(open_local, engine, found, source)
        )
    if reasons:
        lacking = "does it lack a library? unpack the packages it needs into the same folder"
        return Missing(engine, "local", "; ".join(reasons), lacking)
    return Missing(
        engine,
        "local",
        f"no program {' or '.join(engine.recipe.local.programs)} found",
        f"install {engine.recipe.local.package}, or name a folder with the unpacked package: "
        "--local-servers DIR",
    )
