"""`harness drill program`: a program is killed or stopped, and the server goes on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from sqlalchemy.exc import DBAPIError

from harness import __version__
from harness.checks.verdict import Verdict
from harness.cli.drilling import chosen_status, see_no_given_server
from harness.cli.options import (
    add_engine_option,
    add_result_options,
    add_server_options,
    chosen_engines,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.search import NotRun
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import HarnessError, ServerError
from harness.recovery.kills import summed
from harness.recovery.programs import ProgramCell, ProgramDrill
from harness.report import runs
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.options import ServerOptions
from harness.sessions.session import first_line

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


@dataclass
class _Drilled:
    """What has been drilled so far."""

    cells: list[ProgramCell] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    parser = add_command(subparsers, "program", "kill and stop programs", _DESCRIPTION, _EPILOG)
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
    add_engine_option(parser)
    add_result_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Kill and stop programs on each engine, and print what came of it; the exit status.

    Raises:
        UsageError: a name is unknown, a file cannot be written, or a server was given.
    """
    engines = chosen_engines(arguments.engine)
    writable(arguments.json, arguments.runs)
    options = server_options(arguments)
    see_no_given_server(options)
    drilled = _Drilled()
    for engine in engines:
        try:
            _drill(drilled, engine, options, arguments)
        except ServerError as error:
            drilled.not_run.append(NotRun(engine, error))
        except (DBAPIError, engine.driver_error) as error:
            gone = ServerError(f"{engine.name}: the server refused or is gone: {first_line(error)}")
            drilled.not_run.append(NotRun(engine, gone))
    _print(drilled)
    _keep(drilled, arguments)
    return chosen_status(drilled.cells, drilled.not_run, engines_named=bool(arguments.engine))


def _drill(
    drilled: _Drilled, engine: Engine, options: ServerOptions, arguments: argparse.Namespace
) -> None:
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
                print(f"{engine.title}: killing a program that writes", file=sys.stderr)
                drill.kill_while_writing(number)
            drill.kill_while_holding(f"w{_KILLS_MAX + 1}")
            drill.stop_while_holding(f"w{_KILLS_MAX + 2}")
        except HarnessError as error:
            cell.unknown.append(error.explain())
        except (DBAPIError, engine.driver_error) as error:
            cell.unknown.append(f"the server refused or is gone: {first_line(error)}")
        finally:
            drill.close()
    cell.elapsed_s = now_s() - begun_s


def _print(drilled: _Drilled) -> None:
    if not drilled.cells:
        for missing in drilled.not_run:
            print(missing.explain(), file=sys.stderr)
        return
    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for cell in drilled.cells:
        for line in _lines(cell):
            out.print(line)
        out.print()
    for missing in drilled.not_run:
        out.print(f"not run: {missing.explain()}\n")
    for cell in drilled.cells:
        out.print(f"{cell.verdict.value}: {cell.title} {cell.version}: {len(cell.kills)} kills")


def _lines(cell: ProgramCell) -> Sequence[str]:
    told = summed(cell.kills)
    written = (
        f"  {len(cell.kills)} programs killed while they wrote: {told.acknowledged:,} commits "
        f"acknowledged, {len(told.lost):,} lost; {told.refused:,} refused, "
        f"{len(told.surfaced):,} there; {told.indeterminate:,} indeterminate, "
        f"{told.present:,} present"
    )
    return [
        f"{cell.title} {cell.version} ({cell.source}), profile durable, seed {cell.seed}",
        written,
        *(f"  {what}: {seen}" for what, seen in cell.seen),
        *(f"  wrong: {sentence}" for sentence in cell.wrong),
        *(f"  wrong: {sentence}" for one in cell.kills for sentence in one.sentences()),
        *(f"  unknown: {reason}" for reason in cell.unknown),
    ]


def _keep(drilled: _Drilled, arguments: argparse.Namespace) -> None:
    content: dict[str, Any] = {
        "harness": __version__,
        "cells": [_cell(cell) for cell in drilled.cells],
        "missing": [missing.explain() for missing in drilled.not_run],
    }
    path = runs.store(arguments.runs, ["drill", "program"], content)
    print(f"stored: {path}", file=sys.stderr)
    if arguments.json is not None:
        runs.write(arguments.json, content)


def _cell(cell: ProgramCell) -> dict[str, Any]:
    told = summed(cell.kills)
    return {
        "scenario": "drill program",
        "variant": "durable",
        "engine": cell.engine,
        "version": cell.version,
        "source": cell.source,
        "isolation": None,
        "verdict": cell.verdict.value,
        "expected": cell.expected.value,
        "seed": cell.seed,
        "executions": len(cell.kills) + 2,
        "complete": False,
        "outcomes": None,
        "anomalies": len(cell.wrong) + sum(one.verdict is Verdict.VIOLATED for one in cell.kills),
        "deadlocks": None,
        "executions_with_waits": None,
        "aborts": {},
        "acknowledged": told.acknowledged,
        "lost": [str(ticket) for ticket in told.lost],
        "seen": dict(cell.seen),
        "wrong": list(cell.wrong),
        "unknown": list(cell.unknown),
        "finding": None,
        "elapsed_s": round(cell.elapsed_s, 3),
    }
