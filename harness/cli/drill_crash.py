"""`harness drill crash`: kill a server under load; no acknowledged commit may be lost."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import DBAPIError

from harness.checks.verdict import Verdict
from harness.cli.drill_night import add_night_options, run_night_drill
from harness.cli.drilling import chosen_status, drill_progress, see_no_given_server
from harness.cli.options import (
    add_engine_option,
    add_result_options,
    add_server_options,
    chosen_engines,
    said_of_servers,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.search import NotRun
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import HarnessError, ServerError, UsageError
from harness.faults.moment import KINDS, Kind, Moment, moments
from harness.recovery.crash import CrashDrill
from harness.recovery.kills import CrashCell
from harness.recovery.load import Load, loads
from harness.recovery.report import CAVEAT, crash_document, crash_text, verdict_line
from harness.recovery.timing import KillableServer
from harness.report import runs
from harness.scenario import choose
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.options import ServerOptions
from harness.sessions.session import first_line

_DESCRIPTION = """\
Start a server with every commit flushed, run transactions on several connections, and SIGKILL the
server: before, during and after commits, inside a statement that writes many rows, and at random
moments. Start it again and compare its tables with a ledger kept outside of it: every acknowledged
transaction is there, every refused one is not, and where nobody said either is right, but whole or
not at all. Then it must write again, and after the last kill restart in an orderly way.

A negative control runs with a setting under which commits are lost, and must be caught."""

_EPILOG = """\
examples:
  harness drill crash --kills 12
  harness drill crash --kills 200 --seed 7 --at commit --json kills.json
  harness drill crash --moment "after commit 17"
  harness drill crash --control --kills 3
  harness drill crash --night --kills 12

exit status: 0 nothing was lost (with --control: a loss was seen), 1 something was lost (with
             --control: nothing was), 2 unknown, 64 wrong usage, 70 the harness failed"""

_DEFAULT_LOAD = "entries"


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    parser = add_command(subparsers, "crash", "kill a server under load", _DESCRIPTION, _EPILOG)
    parser.add_argument(
        "--kills", type=_positive, default=12, metavar="N", help="how many (default: 12)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help="draws the moments (default: 1)"
    )
    parser.add_argument(
        "--at",
        choices=list(KINDS),
        action="append",
        default=[],
        help="which moments; may be repeated (default: all)",
    )
    parser.add_argument(
        "--moment", metavar="WORDS", help="kill once, at this moment: 'after commit 17'"
    )
    parser.add_argument(
        "--load", default=_DEFAULT_LOAD, metavar="L", help=f"default: {_DEFAULT_LOAD}"
    )
    parser.add_argument(
        "--control", action="store_true", help="run the engine's negative controls instead"
    )
    parser.add_argument(
        "--server-option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a server setting beyond the profile; may be repeated",
    )
    add_night_options(parser)
    add_engine_option(parser)
    add_result_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


@dataclass
class _Drilled:
    """What has been drilled so far."""

    load: Load
    moments: Sequence[Moment]
    cells: list[CrashCell] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)


def run(arguments: argparse.Namespace) -> int:
    """Kill servers of each engine and print what came of it; the exit status.

    Raises:
        UsageError: a name or a moment is unknown, a file cannot be written, or a server was given.
    """
    if arguments.night:
        return run_night_drill(arguments)
    known = loads()
    choose("load", arguments.load, known)
    engines = chosen_engines(arguments.engine)
    writable(arguments.json, arguments.runs)
    options = server_options(arguments)
    see_no_given_server(options)
    settings = _settings(arguments.server_option)
    drilled = _Drilled(known[arguments.load], _moments(arguments, known[arguments.load]))
    for engine in engines:
        try:
            for control in engine.crash.controls if arguments.control else ("",):
                _drill(drilled, engine, control, settings, options, arguments)
        except ServerError as error:
            drilled.not_run.append(NotRun(engine, error))
        except (DBAPIError, engine.driver_error) as error:
            gone = ServerError(f"{engine.name}: the server refused or is gone: {first_line(error)}")
            drilled.not_run.append(NotRun(engine, gone))
    _print(drilled, arguments)
    _keep(drilled, arguments)
    return chosen_status(drilled.cells, drilled.not_run, engines_named=bool(arguments.engine))


def _moments(arguments: argparse.Namespace, load: Load) -> Sequence[Moment]:
    if arguments.moment is not None:
        chosen = [Moment.parse(arguments.moment)]
    else:
        names = arguments.at or list(KINDS)
        kinds = [kind for name in KINDS if name in names for kind in KINDS[name]]
        if load.long_transaction is None and not arguments.at:
            kinds.remove(Kind.IN_STATEMENT)
        chosen = moments(arguments.kills, arguments.seed, kinds)
    if load.long_transaction is None and any(m.kind is Kind.IN_STATEMENT for m in chosen):
        raise UsageError(
            f"load '{load.name}': has no statement that writes many rows",
            "name other moments with --at, or the load 'entries'",
        )
    return chosen


def _settings(words: Sequence[str]) -> dict[str, str]:
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            raise UsageError(f"--server-option '{word}': not of the form NAME=VALUE")
        found[name] = value
    return found


def _drill(
    drilled: _Drilled,
    engine: Engine,
    control: str,
    settings: dict[str, str],
    options: ServerOptions,
    arguments: argparse.Namespace,
) -> None:
    offer = choose_server(engine, options)
    said = {**(engine.crash.controls[control] if control else {}), **settings}
    cell = CrashCell(
        engine.name,
        engine.title,
        "",
        offer.description,
        drilled.load.name,
        arguments.seed,
        control,
        said,
    )
    begun_s = now_s()
    with (
        drill_progress() as progress,
        start(
            offer, Profile.DURABLE, settings={**engine.crash.settings, **said}, options=options
        ) as server,
    ):
        assert isinstance(server, KillableServer), "only given servers are not ours to kill"
        cell.version = server.version
        drilled.cells.append(cell)
        with fresh_database(server) as url:
            _kill_all(cell, CrashDrill(server, url, drilled.load), drilled.moments, progress)
    cell.elapsed_s = now_s() - begun_s


def _kill_all(
    cell: CrashCell, drill: CrashDrill, chosen: Sequence[Moment], progress: Progress
) -> None:
    """One kill after another, until the server does not come back or the harness is at a loss."""
    task = progress.add_task(f"{cell.title}: killing", total=len(chosen))
    try:
        drill.prepare()
        for number, moment in enumerate(chosen, start=1):
            progress.update(task, description=f"{cell.title}: {moment}")
            kill = drill.kill_at(number, moment)
            cell.kills.append(kill)
            progress.advance(task)
            progress.console.print(f"{cell.title}: kill {number}, {moment}: {kill.verdict.value}")
            if cell.kills[-1].trouble:
                return
        cell.final = drill.finish()
    except HarnessError as error:
        cell.unknown.append(error.explain())


def _print(drilled: _Drilled, arguments: argparse.Namespace) -> None:
    if not drilled.cells:
        for missing in drilled.not_run:
            print(missing.explain(), file=sys.stderr)
        return
    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for cell in drilled.cells:
        out.print(crash_text(cell))
        out.print()
    for missing in drilled.not_run:
        out.print(f"not run: {missing.explain()}\n")
    out.print(f"{CAVEAT}\n")
    for cell in drilled.cells:
        out.print(verdict_line(cell))
    for cell in drilled.cells:
        for line in _again(cell, arguments):
            out.print(line)


def _again(cell: CrashCell, arguments: argparse.Namespace) -> list[str]:
    """How the first kill that lost something is repeated."""
    bad = next((kill for kill in cell.kills if kill.verdict is Verdict.VIOLATED), None)
    if bad is None or cell.control:
        return []
    words = ["drill", "crash", "--engine", cell.engine, "--load", cell.load]
    for option in arguments.server_option:
        words += ["--server-option", option]
    words += [*said_of_servers(arguments), "--moment", str(bad.moment)]
    program = os.environ.get("HARNESS_COMMAND", "harness")
    return [f"again: {program} {shlex.join(words)}"]


def _keep(drilled: _Drilled, arguments: argparse.Namespace) -> None:
    content = crash_document(drilled.cells)
    content["missing"] = [missing.explain() for missing in drilled.not_run]
    path = runs.store(arguments.runs, ["drill", "crash", "--load", arguments.load], content)
    print(f"stored: {path}", file=sys.stderr)
    if arguments.json is not None:
        runs.write(arguments.json, content)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 1 or more")
    return int(text)
