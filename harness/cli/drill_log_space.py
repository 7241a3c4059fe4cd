"""`harness drill log-space`: a unit writes many times the log that there is space for."""

from __future__ import annotations

import argparse

from harness.cli.drilling import Drilled, Telling, add_drill, begin_drill
from harness.cli.options import positive
from harness.cli.parser import Parser, Subparsers
from harness.cli.results import say_beside
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.recovery.log_space import LogSpaceDrill
from harness.recovery.log_space_report import (
    LogSpaceCell,
    log_space_document,
    log_space_line,
    log_space_text,
)
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start

_DESCRIPTION = """\
Start a server with the least space for its log, and write one unit of work that logs many times as
much: committed, rolled back, and with a commit after each part. Told are the bytes of each log, how
much of it lay on the disk at the most, and how far the checkpoint moved on while the unit was open.
Where the engine limits the log of one unit, the limit is tried as well: that one refuses.

What was committed must be there and what was not must not; the server must go on."""

_EPILOG = """\
examples:
  harness drill log-space
  harness drill log-space --kilobytes 100   no more than fits: unknown

exit status: 0 more was written than fits and nothing lost, 1 something was lost, 2 unknown,
             64 wrong usage, 70 the harness failed"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    texts = _DESCRIPTION, _EPILOG
    parser = add_drill(
        subparsers, "log-space", "write more log than there is space for", texts, run
    )
    parser.add_argument(
        "--kilobytes",
        type=positive,
        metavar="N",
        help="of rows in a unit (default: about three times the space)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write too much log on each engine and print what came of it; the exit status.

    Raises:
        UsageError: a name is unknown, a file cannot be written, or a server was given.
    """
    drilled: Drilled[LogSpaceCell] = begin_drill(arguments)
    drilled.on_each_engine(lambda engine: _drill(drilled, engine))
    return drilled.conclude(
        ["drill", "log-space"],
        Telling(log_space_text, log_space_line, log_space_document, caveat=""),
    )


def _drill(drilled: Drilled[LogSpaceCell], engine: Engine) -> None:
    arguments, space = drilled.arguments, engine.log_space
    offer = choose_server(engine, drilled.options)
    unit_bytes = 1000 * arguments.kilobytes if arguments.kilobytes else space.unit_bytes

    def told(said: str) -> None:
        say_beside(f"{engine.title}: {said}")

    begun_s = now_s()
    with (
        start(offer, Profile.DURABLE, settings=space.too_small, options=drilled.options) as server,
        fresh_database(server) as url,
    ):
        drill = LogSpaceDrill(engine, url, unit_bytes, told)
        cell = LogSpaceCell(engine, server.version, offer.description, drill.ends())
        drilled.cells.append(cell)
        for end in cell.planned:
            cell.found.runs.append(drill.run(end))
    cell.elapsed_s = now_s() - begun_s
