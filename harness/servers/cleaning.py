"""Remove what earlier runs started and left.

The reaper leaves nothing, unless it was killed as well, or the machine stopped. Then the register
still knows, and so do the labels of containers.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.errors import HarnessError
from harness.servers import docker_engine, folders, register, remains
from harness.servers.owner import Owner, OwnerState

_WHY_KEPT: dict[OwnerState, str] = {
    "alive": "its run is under way",
    "elsewhere": "its run is in another container of this machine, and cannot be seen from here",
    "another boot": "it was started on another machine, or before this one was started again",
}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One thing that was found, and what became of it."""

    name: str
    what: str
    outcome: Literal["removed", "kept", "failed"]
    reason: str = ""


def clean(*, everything: bool = False) -> Iterator[Cleaned]:
    """Remove what was left by runs that have ended; or everything, also of those under way."""
    known = set()
    for record in register.records():
        known.add(record.name)
        yield _clean_record(record, everything=everything)
    yield from _clean_containers(known, everything=everything)


def clean_cache() -> Iterator[Cleaned]:
    """Remove prepared data directories and copied programs; they are made again when needed."""
    for cache in folders.caches():
        shutil.rmtree(cache, ignore_errors=True)
        yield Cleaned(str(cache), "cache", "removed")


def _clean_record(record: register.Record, *, everything: bool) -> Cleaned:
    state = record.owner.state()
    # The register is this machine's own, so another boot's processes are certainly gone.
    ended = state in ("ended", "another boot")
    if not (ended or everything):
        return Cleaned(record.name, record.what, "kept", _WHY_KEPT[state])
    try:
        remains.remove(record)
    except HarnessError as error:
        return Cleaned(record.name, record.what, "failed", error.message)
    register.remove(record.name)
    return Cleaned(record.name, record.what, "removed")


def _clean_containers(known: set[str], *, everything: bool) -> Iterator[Cleaned]:
    """Containers of ours that the register does not know: it was lost, or is another user's."""
    try:
        with docker_engine.connected(docker_engine.PROBE_LIMIT_S) as client:
            for found in docker_engine.labelled(client):
                if found.name not in known:
                    yield _clean_container(found, everything=everything)
    except HarnessError:
        return  # no Docker, no containers


def _clean_container(found: docker_engine.Labelled, *, everything: bool) -> Cleaned:
    try:
        state = Owner.parse(found.owner).state()
    except ValueError:
        state = "elsewhere"
    if state != "ended" and not everything:
        return Cleaned(found.name, found.what, "kept", _WHY_KEPT[state])
    try:
        remains.remove_containers(found.name)
    except HarnessError as error:
        return Cleaned(found.name, found.what, "failed", error.message)
    return Cleaned(found.name, found.what, "removed")
