"""`harness drill crash --night`: kill the server in the batch night, follow the restart planner."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from harness.cli.drilling import Drilled, Telling, begin_drill, drill_progress
from harness.cli.generated import BUSINESS_DATE
from harness.cli.options import said_of_servers
from harness.cli.results import again
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import HarnessError, UsageError
from harness.faults.night_moment import NightMoment, night_moments, program_moments
from harness.jobs.night import chosen_night
from harness.planning.restart import ALL_RULES, NO_LOG_MODES, Failure, Rule, needless
from harness.recovery.kills import first_violated
from harness.recovery.night_report import (
    NightCell,
    night_document,
    night_text,
    night_verdict_line,
)
from harness.recovery.nights import Finished, NightDrill, NightSetting
from harness.recovery.timing import KillableServer
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.sessions.session import first_line

_CONTROL_KILLS = 3
_SCALE = 0.002


def add_night_options(parser: argparse.ArgumentParser) -> None:
    """What is said of a night."""
    group = parser.add_argument_group(
        "the night",
        "with --night the programs are those of the batch night, and the restart planner says "
        "what to do after the kill; --control takes one rule after the other from the planner",
    )
    group.add_argument("--night", action="store_true", help="kill the server in the batch night")
    group.add_argument(
        "--scale", type=float, metavar="S", help=f"size of its data (default: {_SCALE:g})"
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


def see_no_night_options(arguments: argparse.Namespace) -> None:
    """See that nothing is said of a night where there is none.

    Raises:
        UsageError: something is.
    """
    for name, given in (
        ("--program", arguments.program),
        ("--logged", arguments.logged),
        ("--placement", arguments.placement is not None),
        ("--scale", arguments.scale is not None),
    ):
        if given:
            raise UsageError(
                f"{name}: is of a night", "add --night to kill in the batch night, or leave it out"
            )


def run_night_drill(arguments: argparse.Namespace) -> int:
    """Kill servers in their nights and print what came of it; the exit status.

    Raises:
        UsageError: a name or a moment is unknown, a file cannot be written, or a server was given.
    """
    drilled: Drilled[NightCell] = begin_drill(arguments)
    setting = _setting(arguments)
    drilled.on_each_engine(lambda engine: _drill(drilled, engine, setting))
    telling = Telling(
        night_text, night_verdict_line, night_document, lambda cell: _again(cell, arguments)
    )
    return drilled.conclude(["drill", "crash", "--night"], telling)


def _setting(arguments: argparse.Namespace) -> NightSetting:
    """The nights that were asked for.

    Raises:
        UsageError: an option is wrong, or is not for a night.
    """
    night = chosen_night(None)
    night.network(arguments.placement)
    for name, given in (
        ("--server-option", arguments.server_option),
        ("--at", arguments.at),
        ("--load", arguments.load is not None),
    ):
        if given:
            raise UsageError(f"{name}: is not for a night", "leave out --night, or it")
    if arguments.program and arguments.control:
        raise UsageError("--program: has no negative controls", "--control kills the server")
    if arguments.moment is not None:
        moment = NightMoment.parse(arguments.moment)
        if arguments.program and not moment.is_of_a_program:
            raise UsageError(
                f"--program --moment '{arguments.moment}': at that moment no program can be ended",
                "a job's 'started', 'committing' or 'committed'",
            )
    scale = _SCALE if arguments.scale is None else arguments.scale
    if not 0 < scale <= 1:
        raise UsageError(f"--scale {scale:g}: not between 0 and 1")
    setting = NightSetting(
        night,
        scale,
        arguments.seed,
        BUSINESS_DATE,
        arguments.placement,
        without_log=not arguments.logged,
        failure=Failure.PROGRAM if arguments.program else Failure.SERVER,
    )
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        setting.prepared(Path(folder))  # so that a wrong size is told before a server is started
    return setting


def _drill(drilled: Drilled[NightCell], engine: Engine, setting: NightSetting) -> None:
    arguments = drilled.arguments
    offer = choose_server(engine, drilled.options)
    # The data go in as files, which some servers take only when they are told to.
    settings = {**engine.crash.settings, **engine.loading.settings}
    settings |= engine.crash.without_log.settings if setting.without_log else {}
    with start(offer, Profile.DURABLE, settings=settings, options=drilled.options) as server:
        assert isinstance(server, KillableServer), "only given servers are not ours to kill"
        drill = NightDrill(server, setting)
        peace = drill.in_peace()
        for rule in list(Rule) if arguments.control else [None]:
            cell = _cell(engine, server.version, offer.description, setting, rule)
            drilled.cells.append(cell)
            try:
                _kill_all(cell, drill, peace, _moments(drill, peace, rule, arguments), rule)
            except (HarnessError, DBAPIError, engine.driver_error) as error:
                cell.unknown.append(f"{type(error).__name__}: {first_line(error)}")
                return


def _cell(
    engine: Engine, version: str, source: str, setting: NightSetting, rule: Rule | None
) -> NightCell:
    mode = NO_LOG_MODES[engine.crash.without_log.mode]
    return NightCell(
        engine.name,
        engine.title,
        version,
        source,
        setting.night.name,
        setting.placement or next(iter(setting.night.placements)),
        engine.crash.without_log.means if setting.without_log else "logged",
        setting.scale,
        setting.seed,
        "" if rule is None else rule.value,
        "" if rule is None else needless(rule, mode, setting.failure),
        died="a program" if setting.failure is Failure.PROGRAM else "the server",
    )


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
            if rule is not None and cell.caught:
                break
    cell.elapsed_s = now_s() - begun_s


def _again(cell: NightCell, arguments: argparse.Namespace) -> list[str]:
    bad = first_violated(cell.kills)
    if bad is None or cell.without_rule:
        return []
    words = ["drill", "crash", "--night", "--engine", cell.engine, "--seed", str(cell.seed)]
    words += ["--scale", f"{cell.scale:g}", "--placement", cell.placement]
    words += ["--logged"] if arguments.logged else []
    words += ["--program"] if arguments.program else []
    return [again([*words, *said_of_servers(arguments), "--moment", str(bad.moment)])]
