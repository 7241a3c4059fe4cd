"""`harness drill lock-memory`: jobs hold more locks than there is memory for; nothing is lost."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness.cli.drilling import Drilled, Telling, add_drill, begin_drill
from harness.cli.options import positive
from harness.cli.parser import Parser, Subparsers
from harness.cli.results import say_beside
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.recovery.lock_memory import LockMemoryDrill, Size, planned_need
from harness.recovery.lock_memory_report import (
    LockMemoryCell,
    lock_memory_document,
    lock_memory_line,
    lock_memory_text,
)
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.offer import Offer

_DESCRIPTION = """\
Start a server with the least memory for locks that it takes, and have jobs lock more than fits:
each locks a large table part by part and writes a row for each part, and all stay open together,
until the server refuses one of them. Then: nothing of the refused job is there, the others commit
all of theirs, a session beside them goes on committing, and the server lives.

The same jobs then run with a commit after each part on the same server, and unchanged on a server
with the memory that follows from the locks that were measured. Both times all must end.

What a lock in that memory is differs between engines, and is told for each. The night's programs
lock far too little to fill even the least memory; `harness plan lock-memory` counts theirs."""

_EPILOG = """\
examples:
  harness drill lock-memory
  harness drill lock-memory --control      a part that was committed must be noticed
  harness drill lock-memory --jobs 1       enough memory for one: unknown

exit status: 0 refused and nothing lost (with --control: the loss was noticed), 1 something was lost
             or a cure does not work, 2 unknown: the server refused nothing, 64 wrong usage,
             70 the harness failed"""

_JOBS_MAX = 12


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    texts = _DESCRIPTION, _EPILOG
    parser = add_drill(subparsers, "lock-memory", "lock more than there is memory for", texts, run)
    parser.add_argument(
        "--jobs",
        type=int,
        choices=range(1, _JOBS_MAX + 1),
        default=6,
        metavar="N",
        help=f"open at once at most, 1 to {_JOBS_MAX} (default: 6)",
    )
    parser.add_argument(
        "--locks",
        type=positive,
        metavar="N",
        help="held by each job (default: what fills the memory with a handful of jobs)",
    )
    parser.add_argument(
        "--parts", type=positive, default=20, metavar="N", help="of a job (default: 20)"
    )
    parser.add_argument(
        "--control",
        action="store_true",
        help="each job commits its first part, which must be noticed",
    )


def run(arguments: argparse.Namespace) -> int:
    """Fill the memory for locks of each engine and print what came of it; the exit status.

    Raises:
        UsageError: a name is unknown, a file cannot be written, or a server was given.
    """
    drilled: Drilled[LockMemoryCell] = begin_drill(arguments)
    drilled.on_each_engine(lambda engine: _drill(drilled, engine))
    return drilled.conclude(
        ["drill", "lock-memory"],
        Telling(lock_memory_text, lock_memory_line, lock_memory_document, caveat=""),
    )


def _drill(drilled: Drilled[LockMemoryCell], engine: Engine) -> None:
    arguments, memory = drilled.arguments, engine.lock_memory
    offer = choose_server(engine, drilled.options)
    size = Size(arguments.jobs, arguments.locks or memory.locks, arguments.parts)
    cell = LockMemoryCell(engine, "", offer.description, size, arguments.control)
    begun_s = now_s()
    with _prepared(drilled, cell, offer, memory.too_small) as drill:
        drilled.cells.append(cell)
        cell.found.small = drill.attempt(control=arguments.control)
        if cell.found.small.full is not None and not arguments.control:
            cell.found.parts = drill.attempt(commit_parts=1)
    need = planned_need(cell.found.small)
    if cell.found.parts is not None and need is not None:
        cell.found.sized = dict(memory.enough(need))
        settings = {**memory.too_small, **cell.found.sized}
        with _prepared(drilled, cell, offer, settings) as drill:
            cell.found.planned = drill.attempt()
    cell.elapsed_s = now_s() - begun_s


@contextmanager
def _prepared(
    drilled: Drilled[LockMemoryCell],
    cell: LockMemoryCell,
    offer: Offer,
    settings: Mapping[str, str],
) -> Iterator[LockMemoryDrill]:
    """A server with these settings, and the tables on it."""

    def told(said: str) -> None:
        say_beside(f"{cell.engine.title}: {said}")

    # Nothing is killed here, so nothing need be flushed for it.
    with (
        start(offer, Profile.EXPLORING, settings=settings, options=drilled.options) as server,
        fresh_database(server) as url,
    ):
        cell.version = server.version
        told(", ".join(f"{name}={value}" for name, value in settings.items()))
        drill = LockMemoryDrill(cell.engine, url, cell.size, told)
        drill.prepare()
        yield drill
