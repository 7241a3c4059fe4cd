"""`harness drill crash --night`: kill the server in the batch night, follow the restart planner."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from sqlalchemy.exc import DBAPIError

from harness.checks.verdict import Verdict
from harness.cli.drilling import chosen_status, drill_progress, see_no_given_server
from harness.cli.generated import BUSINESS_DATE
from harness.cli.options import chosen_engines, said_of_servers, server_options, writable
from harness.cli.search import NotRun
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import HarnessError, ServerError, UsageError
from harness.faults.night_moment import NightMoment, night_moments, program_moments
from harness.jobs.night import Night, chosen_night
from harness.planning.restart import ALL_RULES, Failure, Rule
from harness.recovery.night_report import (
    NightCell,
    night_document,
    night_text,
    night_verdict_line,
)
from harness.recovery.nights import Finished, NightDrill, NightSetting
from harness.recovery.report import CAVEAT
from harness.recovery.timing import KillableServer
from harness.report import runs
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.options import ServerOptions
from harness.sessions.session import first_line

_CONTROL_KILLS = 3


def add_night_options(parser: argparse.ArgumentParser) -> None:
    """What is said of a night."""
    group = parser.add_argument_group(
        "the night",
        "with --night the programs are those of the batch night, and the restart planner says "
        "what to do after the kill; --control takes one rule after the other from the planner",
    )
    group.add_argument("--night", action="store_true", help="kill the server in the batch night")
    group.add_argument(
        "--scale", type=float, default=0.002, metavar="S", help="its data (default: 0.002)"
    )
    group.add_argument("--placement", metavar="P", help="which job in which window")
    group.add_argument(
        "--logged", action="store_true", help="work tables with log (default: without)"
    )
    group.add_argument(
        "--program",
        action="store_true",
        help="let a job's program die instead of the server; the planner is told so",
    )


@dataclass
class _Nights:
    """What has been drilled so far."""

    night: Night
    arguments: argparse.Namespace
    cells: list[NightCell] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)


def run_night_drill(arguments: argparse.Namespace) -> int:
    """Kill servers in their nights and print what came of it; the exit status.

    Raises:
        UsageError: a name or a moment is unknown, a file cannot be written, or a server was given.
    """
    engines = chosen_engines(arguments.engine)
    writable(arguments.json, arguments.runs)
    options = server_options(arguments)
    see_no_given_server(options)
    drilled = _Nights(chosen_night(None), arguments)
    drilled.night.network(arguments.placement)
    if arguments.program and arguments.control:
        raise UsageError("--program: has no negative controls", "--control kills the server")
    if arguments.moment is not None:
        moment = NightMoment.parse(arguments.moment)
        if arguments.program and not moment.is_of_a_program:
            raise UsageError(
                f"--program --moment '{arguments.moment}': at that moment no program can be ended",
                "a job's 'started', 'committing' or 'committed'",
            )
    for name, given in (
        ("--server-option", arguments.server_option),
        ("--at", arguments.at),
    ):
        if given:
            raise UsageError(f"{name}: is not for a night", "leave out --night, or it")
    if not 0 < arguments.scale <= 1:
        raise UsageError(f"--scale {arguments.scale:g}: not between 0 and 1")
    for engine in engines:
        try:
            _drill(drilled, engine, options)
        except ServerError as error:
            drilled.not_run.append(NotRun(engine, error))
        except (DBAPIError, engine.driver_error) as error:
            gone = ServerError(f"{engine.name}: the server refused or is gone: {first_line(error)}")
            drilled.not_run.append(NotRun(engine, gone))
    _print(drilled)
    _keep(drilled)
    return chosen_status(drilled.cells, drilled.not_run, engines_named=bool(arguments.engine))


def _drill(drilled: _Nights, engine: Engine, options: ServerOptions) -> None:
    arguments = drilled.arguments
    setting = NightSetting(
        drilled.night,
        arguments.scale,
        arguments.seed,
        BUSINESS_DATE,
        arguments.placement,
        without_log=not arguments.logged,
        failure=Failure.PROGRAM if arguments.program else Failure.SERVER,
    )
    offer = choose_server(engine, options)
    # The data go in as files, which some servers take only when they are told to.
    settings = {**engine.crash.settings, **engine.loading.settings}
    settings |= {} if arguments.logged else engine.crash.without_log.settings
    with start(offer, Profile.DURABLE, settings=settings, options=options) as server:
        assert isinstance(server, KillableServer), "only given servers are not ours to kill"
        drill = NightDrill(server, setting)
        peace = drill.in_peace()
        rules = list(Rule) if arguments.control else [None]
        for rule in rules:
            cell = NightCell(
                engine.name,
                engine.title,
                server.version,
                offer.description,
                drilled.night.name,
                arguments.placement or next(iter(drilled.night.placements)),
                "logged" if arguments.logged else engine.crash.without_log.means,
                arguments.scale,
                arguments.seed,
                "" if rule is None else rule.value,
                died="a program" if arguments.program else "the server",
            )
            drilled.cells.append(cell)
            try:
                _kill_all(cell, drill, peace, _moments(drill, peace, rule, arguments), rule)
            except (HarnessError, DBAPIError, engine.driver_error) as error:
                cell.unknown.append(f"{type(error).__name__}: {first_line(error)}")
                return


def _moments(
    drill: NightDrill, peace: Finished, rule: Rule | None, arguments: argparse.Namespace
) -> Sequence[NightMoment]:
    if arguments.moment is not None:
        return [NightMoment.parse(arguments.moment)]
    if rule is None and arguments.program:
        return program_moments(peace.entries, arguments.kills, arguments.seed)
    if rule is None:
        return night_moments(peace.entries, arguments.kills, arguments.seed)
    # Only where the plan is another one can the missing rule be noticed, and not at each of these:
    # what a wrong plan leaves out is not always needed.
    found = drill.differing(peace.entries, rule)
    picked = [found[len(found) // 2], found[0], found[-1]] if found else []
    return list(dict.fromkeys(picked))[:_CONTROL_KILLS]


def _kill_all(
    cell: NightCell,
    drill: NightDrill,
    peace: Finished,
    chosen: Sequence[NightMoment],
    rule: Rule | None,
) -> None:
    """One night after another; with a rule taken away, until that is noticed."""
    begun_s = now_s()
    rules = ALL_RULES if rule is None else ALL_RULES - {rule}
    if not chosen:
        cell.unknown.append("with these work tables no moment of the night needs this rule")
    with drill_progress() as progress:
        task = progress.add_task(f"{cell.title}: killing", total=len(chosen))
        for number, moment in enumerate(chosen, start=1):
            progress.update(task, description=f"{cell.title}: {moment}")
            kill = drill.kill_at(number, moment, peace, rules)
            cell.kills.append(kill)
            progress.advance(task)
            progress.console.print(f"{cell.title}: kill {number}, {moment}: {kill.verdict.value}")
            if rule is not None and kill.verdict is Verdict.VIOLATED:
                break
    cell.elapsed_s = now_s() - begun_s


def _print(drilled: _Nights) -> None:
    if not drilled.cells:
        for missing in drilled.not_run:
            print(missing.explain(), file=sys.stderr)
        return
    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for cell in drilled.cells:
        out.print(night_text(cell))
        out.print()
    for missing in drilled.not_run:
        out.print(f"not run: {missing.explain()}\n")
    out.print(f"{CAVEAT}\n")
    for cell in drilled.cells:
        out.print(night_verdict_line(cell))
    for cell in drilled.cells:
        for line in _again(cell, drilled.arguments):
            out.print(line)


def _again(cell: NightCell, arguments: argparse.Namespace) -> list[str]:
    bad = next((kill for kill in cell.kills if kill.verdict is Verdict.VIOLATED), None)
    if bad is None or cell.without_rule:
        return []
    words = ["drill", "crash", "--night", "--engine", cell.engine, "--seed", str(cell.seed)]
    words += ["--scale", f"{cell.scale:g}", "--placement", cell.placement]
    words += ["--logged"] if arguments.logged else []
    words += ["--program"] if arguments.program else []
    words += [*said_of_servers(arguments), "--moment", str(bad.moment)]
    return [f"again: {os.environ.get('HARNESS_COMMAND', 'harness')} {shlex.join(words)}"]


def _keep(drilled: _Nights) -> None:
    content = night_document(drilled.cells)
    content["missing"] = [missing.explain() for missing in drilled.not_run]
    path = runs.store(drilled.arguments.runs, ["drill", "crash", "--night"], content)
    print(f"stored: {path}", file=sys.stderr)
    if drilled.arguments.json is not None:
        runs.write(drilled.arguments.json, content)
