"""`harness drill crash`: kill a server under load; no acknowledged commit may be lost."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from rich.progress import Progress

from harness.cli.drill_night import add_night_options, run_night_drill, see_no_night_options
from harness.cli.drilling import Drilled, Telling, add_drill, begin_drill, drill_progress
from harness.cli.options import positive, said_of_servers
from harness.cli.parser import Parser, Subparsers
from harness.cli.results import again
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import HarnessError, UsageError
from harness.faults.moment import KINDS, Kind, Moment, moments
from harness.recovery.crash import CrashDrill
from harness.recovery.kills import CrashCell, first_violated
from harness.recovery.load import Load, loads
from harness.recovery.report import crash_document, crash_text, verdict_line
from harness.recovery.timing import KillableServer
from harness.scenario import choose
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start

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
    parser = add_drill(
        subparsers, "crash", "kill a server under load", (_DESCRIPTION, _EPILOG), run
    )
    parser.add_argument(
        "--kills", type=positive, default=12, metavar="N", help="how many (default: 12)"
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
        "--load",
        metavar="L",
        help=f"what runs meanwhile; `drill list` tells which (default: {_DEFAULT_LOAD})",
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


def run(arguments: argparse.Namespace) -> int:
    """Kill servers of each engine and print what came of it; the exit status.

    Raises:
        UsageError: a name or a moment is unknown, a file cannot be written, or a server was given.
    """
    if arguments.night:
        return run_night_drill(arguments)
    see_no_night_options(arguments)
    name, known = arguments.load or _DEFAULT_LOAD, loads()
    choose("load", name, known)
    load = known[name]
    settings = _settings(arguments.server_option)
    chosen = _moments(arguments, load)
    drilled: Drilled[CrashCell] = begin_drill(arguments)

    def drill(engine: Engine) -> None:
        for control in engine.crash.controls if arguments.control else ("",):
            said = {**(engine.crash.controls[control] if control else {}), **settings}
            _drill(drilled, engine, load, control, said, chosen)

    drilled.on_each_engine(drill)
    telling = Telling(
        crash_text, verdict_line, crash_document, lambda cell: _again(cell, arguments)
    )
    return drilled.conclude(["drill", "crash", "--load", name], telling)


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
    drilled: Drilled[CrashCell],
    engine: Engine,
    load: Load,
    control: str,
    said: Mapping[str, str],
    chosen: Sequence[Moment],
) -> None:
    options = drilled.options
    offer = choose_server(engine, options)
    seed = drilled.arguments.seed
    cell = CrashCell(
        engine.name, engine.title, "", offer.description, load.name, seed, control, dict(said)
    )
    begun_s = now_s()
    settings = {**engine.crash.settings, **said}
    with (
        drill_progress() as progress,
        start(offer, Profile.DURABLE, settings=settings, options=options) as server,
    ):
        assert isinstance(server, KillableServer), "only given servers are not ours to kill"
        cell.version = server.version
        drilled.cells.append(cell)
        with fresh_database(server) as url:
            _kill_all(cell, CrashDrill(server, url, load), chosen, progress)
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


def _again(cell: CrashCell, arguments: argparse.Namespace) -> list[str]:
    """How the first kill that lost something is repeated."""
    bad = first_violated(cell.kills)
    if bad is None or cell.control:
        return []
    words = ["drill", "crash", "--engine", cell.engine, "--load", cell.load]
    for option in arguments.server_option:
        words += ["--server-option", option]
    return [again([*words, *said_of_servers(arguments), "--moment", str(bad.moment)])]
