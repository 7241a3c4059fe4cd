"""`harness drill program`: a program is killed or stopped, and the server goes on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import DBAPIError

from harness import __version__
from harness.checks.verdict import Verdict
from harness.cli.drilling import Drilled, Telling, add_drill, begin_drill
from harness.cli.parser import Parser, Subparsers
from harness.cli.results import say_beside
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import HarnessError
from harness.recovery.kills import summed
from harness.recovery.programs import ProgramCell, ProgramDrill
from harness.report.keys import with_all_keys
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.sessions.trouble import told

_DESCRIPTION = """\
Run a client in a process of its own and SIGKILL it: while it writes, at random, and with a
transaction open. What the server had acknowledged to it is there, nothing of the open transaction
stays, its locks are released. Then stop a client (SIGSTOP) for longer than the others wait for a
lock, and let it go on: it can commit."""

_EPILOG = """\
examples:
  harness drill program --kills 5

exit status: 0 as it must be, 1 it is not, 2 unknown, 64 wrong usage, 70 the harness failed"""

_KILLS_MAX = 28


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    parser = add_drill(
        subparsers, "program", "kill and stop programs", (_DESCRIPTION, _EPILOG), run
    )
    parser.add_argument(
        "--kills",
        type=int,
        choices=range(1, _KILLS_MAX + 1),
        default=5,
        metavar="N",
        help=f"of programs that write, 1 to {_KILLS_MAX} (default: 5)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help="draws the moments (default: 1)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Kill and stop programs on each engine, and print what came of it; the exit status.

    Raises:
        UsageError: a name is unknown, a file cannot be written, or a server was given.
    """
    drilled: Drilled[ProgramCell] = begin_drill(arguments)
    drilled.on_each_engine(lambda engine: _drill(drilled, engine))
    return drilled.conclude(["drill", "program"], Telling(_text, _last_line, _document, caveat=""))


def _drill(drilled: Drilled[ProgramCell], engine: Engine) -> None:
    arguments, options = drilled.arguments, drilled.options
    offer = choose_server(engine, options)
    begun_s = now_s()
    with (
        start(offer, Profile.DURABLE, options=options) as server,
        fresh_database(server) as url,
    ):
        cell = ProgramCell(
            engine.name, engine.title, server.version, offer.description, arguments.seed
        )
        drilled.cells.append(cell)
        drill = ProgramDrill(server, url, cell)
        try:
            drill.prepare()
            for number in range(1, arguments.kills + 1):
                say_beside(f"{engine.title}: killing a program that writes")
                drill.kill_while_writing(number)
            drill.kill_while_holding(f"w{_KILLS_MAX + 1}")
            drill.stop_while_holding(f"w{_KILLS_MAX + 2}")
        except HarnessError as error:
            cell.unknown.append(error.explain())
        except (DBAPIError, engine.driver_error) as error:
            cell.unknown.append(told(engine, error))
        finally:
            drill.close()
    cell.elapsed_s = now_s() - begun_s


def _last_line(cell: ProgramCell) -> str:
    return f"{cell.verdict.value}: {cell.title} {cell.version}: {len(cell.kills)} kills"


def _text(cell: ProgramCell) -> str:
    told = summed(cell.kills)
    written = (
        f"  {len(cell.kills)} programs killed while they wrote: {told.acknowledged:,} commits "
        f"acknowledged, {len(told.lost):,} lost; {told.refused:,} refused, "
        f"{len(told.surfaced):,} there; {told.indeterminate:,} indeterminate, "
        f"{told.present:,} present"
    )
    lines = [
        f"{cell.title} {cell.version} ({cell.source}), profile durable, seed {cell.seed}",
        written,
        *(f"  {what}: {seen}" for what, seen in cell.seen),
        *(f"  wrong: {sentence}" for sentence in cell.wrong),
        *(f"  wrong: {sentence}" for one in cell.kills for sentence in one.sentences()),
        *(f"  unknown: {reason}" for reason in cell.unknown),
    ]
    return "\n".join(lines)


def _document(cells: Sequence[ProgramCell]) -> dict[str, Any]:
    return {"harness": __version__, "cells": [_cell(cell) for cell in cells]}


def _cell(cell: ProgramCell) -> dict[str, Any]:
    found = summed(cell.kills)
    told = {
        "scenario": "drill program",
        "variant": "durable",
        "engine": cell.engine,
        "version": cell.version,
        "source": cell.source,
        "verdict": cell.verdict.value,
        "expected": cell.expected.value,
        "seed": cell.seed,
        "executions": cell.executions,
        "complete": cell.complete,
        "anomalies": len(cell.wrong) + sum(one.verdict is Verdict.VIOLATED for one in cell.kills),
        "acknowledged": found.acknowledged,
        "lost": [str(ticket) for ticket in found.lost],
        "seen": dict(cell.seen),
        "wrong": list(cell.wrong),
        "unknown": list(cell.unknown),
        "elapsed_s": round(cell.elapsed_s, 3),
    }
    return with_all_keys(told)
