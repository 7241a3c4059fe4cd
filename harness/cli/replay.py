"""`harness replay`: a system's day at speed, and two such days beside each other."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from harness import __version__
from harness.cli import night
from harness.cli.missing import Missing
from harness.cli.options import (
    add_cell_options,
    add_result_options,
    add_server_options,
    asked_engines,
    chosen_isolations,
    said_of_servers,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.replay_compare import add_compare
from harness.cli.replay_options import Defaults, add_day_options, arrivals_of, setting_of
from harness.cli.replay_progress import ReplayProgress
from harness.cli.results import again, console, keep, say_beside
from harness.engines import Engine, Isolation, Profile
from harness.errors import UsageError
from harness.loading.dataset import datasets
from harness.replay.day import days
from harness.replay.picture import draw
from harness.replay.rehearsal import Rehearsal
from harness.replay.report import lines_of, verdict_lines
from harness.replay.result import Result, document_of
from harness.scenario import choose
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.options import ServerOptions

_DESCRIPTION = """\
Replay what a system does, on real servers: a business day or a billing month, in which requests
arrive when they will (open loop), whatever the server does, with the batch beside them or after
them; or the batch night alone. Stored days are compared."""

_EPILOG = """\
examples:
  harness replay day --speed 600
  harness replay month billing-mended
  harness replay night
  harness replay compare runs/20241015-090000-1a2b runs/20241015-093000-3c4d

exit status: 0 what must hold does, 1 it does not, 2 unknown, 64 wrong usage,
             70 the harness failed"""

_DAY_DESCRIPTION = """\
The online programs of a day arrive at its daily numbers, by lot (Poisson) or as a trace has them,
--speed times as fast as the clock; the batch programs run beside them, moved into online hours, or
after them. Latency counts from the moment at which a request was meant to start, so a slow server
cannot hide by making later requests late; lag is by how much they started late. If the generator
did not keep up (lag p99 above --lag-bound), the verdict is unknown.

Shown are latencies, retries and refusals by program; rows added and updated beside the exam's; log
bytes; lock waits by program, blocker and table; deadlocks as the server tells them. The verdict is
that of the day's invariants. Ctrl-C ends it, and shows and stores what was measured so far."""

_DAY_EPILOG = """\
examples:
  harness replay day --speed 600
  harness replay day --batch beside --engine E --isolation read-committed --plot day.svg
  harness replay day --programs vehicle_inquiry,document_issue --duration 30s --batch none
  harness replay compare runs/20241015-090000-1a2b runs/20241015-093000-3c4d

exit status: 0 the invariants hold, 1 one is broken, 2 unknown (the generator did not keep up,
             something failed or was cut short), 64 wrong usage, 70 the harness failed"""

_MONTH = Defaults("billing", date(2024, 10, 1), 18_600.0, "a month in a minute", "members")

_MONTH_DESCRIPTION = """\
As `replay day`, for a month whose online hours follow on one another without their nights: on four
days a group of members is billed while payments are taken over, on the last day what was paid is
deleted, and clerks ask for bills and cancel them all the time. Each job begins on its day.

The figures are those of `replay day`. billing has the exam's programs, billing-mended those that
its problems ask for; a package brings months of its own as it brings days."""

_MONTH_EPILOG = """\
examples:
  harness replay month
  harness replay month billing-mended --scale 0.1
  harness replay month --batch after --isolation repeatable-read

exit status: 0 the invariants hold, 1 one is broken, 2 unknown (the generator did not keep up,
             something failed or was cut short), 64 wrong usage, 70 the harness failed"""

CUT_SHORT = 130
_MAX_CONNECTIONS = "max_connections"
_OTHER_CONNECTIONS = 40


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command and its sub-commands."""
    parser = add_command(
        subparsers, "replay", "replay a day, a month or a night", _DESCRIPTION, _EPILOG
    )
    kinds = parser.add_subparsers(metavar="WHAT", required=True, parser_class=Parser)
    day = add_command(kinds, "day", "online programs and batch", _DAY_DESCRIPTION, _DAY_EPILOG)
    _add_options(day, Defaults())
    month = add_command(kinds, "month", "a billing month", _MONTH_DESCRIPTION, _MONTH_EPILOG)
    _add_options(month, _MONTH)
    add_compare(kinds)
    night.add_parser(kinds)


def _add_options(parser: Parser, defaults: Defaults) -> None:
    add_day_options(parser, defaults)
    add_cell_options(parser)
    add_result_options(parser)
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw latencies over time (SVG, …)"
    )
    add_server_options(parser)
    parser.set_defaults(run=run)


@dataclass
class Report:
    """What came of it."""

    missing: Missing
    results: list[Result] = field(default_factory=list)


def run(arguments: argparse.Namespace) -> int:
    """Replay on each engine at each level, and print it; the exit status.

    Raises:
        UsageError: a name, a number or a file is wrong.
    """
    known = days()
    choose("day", arguments.day, known)
    rehearsal = _rehearsal(arguments)
    engines = asked_engines(arguments)
    levels = chosen_isolations(arguments.isolation, [Isolation.READ_COMMITTED])
    writable(arguments.json, arguments.runs)
    see_plot(arguments.plot, len(engines) * len(levels))
    options = server_options(arguments)
    report = Report(Missing(engines_named=bool(arguments.engine)))
    with ReplayProgress() as progress:
        for engine in engines:
            with report.missing.noted(engine):
                _on_engine(engine, levels, rehearsal, options, report, progress)
            if report.results and report.results[-1].replayed.interrupted:
                break
    _print(report, arguments)
    _keep(report, arguments)
    return _status(report)


def _rehearsal(arguments: argparse.Namespace) -> Rehearsal:
    day = days()[arguments.day]
    setting = setting_of(day, arguments)
    arrivals = arrivals_of(day, setting, arguments.trace)
    try:
        generated = datasets()[day.dataset](setting.scale, setting.seed, setting.business_date)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return Rehearsal(day, setting, generated, arrivals)


def see_plot(path: Path | None, number: int) -> None:
    """See that a picture can be drawn.

    Raises:
        UsageError: its folder is missing, or there would be several.
    """
    if path is None:
        return
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--plot '{path}': its folder does not exist", "make the folder first")
    if path.suffix not in {".svg", ".png", ".pdf"}:
        raise UsageError(f"--plot '{path}': ends in none of .svg, .png and .pdf")
    if number != 1:
        raise UsageError(
            "--plot: draws one replay", "name one engine and one level: --engine, --isolation"
        )


def _on_engine(
    engine: Engine,
    levels: Sequence[Isolation],
    rehearsal: Rehearsal,
    options: ServerOptions,
    report: Report,
    progress: ReplayProgress,
) -> None:
    pace = rehearsal.setting.pace
    needed = pace.processes * pace.connections * len(rehearsal.setting.programs)
    progress.begin(engine.title)
    offer = choose_server(engine, options)
    # Nobody changes the settings of a server that is somebody's.
    settings = {
        **engine.loading.settings,
        **engine.monitoring.all_deadlocks,
        _MAX_CONNECTIONS: str(needed + _OTHER_CONNECTIONS),
    }
    given = {} if offer.source == "given" else settings
    with start(offer, Profile.DURABLE, settings=given, options=options) as server:
        for level in levels:
            with fresh_database(server) as url:
                found = rehearsal.on(
                    server, url, level, offer.description, progress.say, progress.watch
                )
                # Before the database is dropped, which a server that has died refuses.
                report.results.append(found)
            if found.replayed.interrupted:
                return


def _print(report: Report, arguments: argparse.Namespace) -> None:
    if not report.results:
        report.missing.print_alone()
        return
    for result in report.results:
        print(*lines_of(result), "", sep="\n")
        if arguments.plot is not None:
            draw(result, arguments.plot)
            say_beside(f"drawn: {arguments.plot}")
    report.missing.print_beside(console())
    for result in report.results:
        print(*verdict_lines(result), sep="\n")
    for result in report.results:
        print(_again(result, arguments))


def _again(result: Result, arguments: argparse.Namespace) -> str:
    setting = result.setting
    words = ["replay", "day", setting.day]
    words += ["--engine", result.engine.name, "--isolation", result.isolation.slug]
    words += ["--batch", setting.batch.value, "--scale", f"{setting.scale:g}"]
    words += ["--seed", str(setting.seed), "--speed", f"{setting.pace.speed:g}"]
    words += ["--date", setting.business_date.isoformat()]
    words += ["--processes", str(setting.pace.processes)]
    words += ["--connections", str(setting.pace.connections)]
    words += ["--attempts", str(setting.attempts)]
    words += ["--lag-bound", f"{setting.pace.lag_bound_s * 1000:g}ms"]
    if setting.pace.duration_s is not None:
        words += ["--duration", f"{setting.pace.duration_s:g}s"]
    if arguments.programs:
        words += ["--programs", arguments.programs]
    if arguments.trace is not None:
        words += ["--trace", str(arguments.trace)]
    return again([*words, *said_of_servers(arguments)])


def _keep(report: Report, arguments: argparse.Namespace) -> None:
    content: dict[str, Any] = {
        "harness": __version__,
        "cells": [document_of(result) for result in report.results],
        "missing": report.missing.explained(),
    }
    keep(arguments, ["replay", "day", arguments.day], content, say_where=bool(report.results))


def _status(report: Report) -> int:
    """0 if every invariant holds, 1 if one is broken, 2 if something is unknown."""
    if any(result.replayed.interrupted for result in report.results):
        return CUT_SHORT
    return report.missing.status(result.verdict for result in report.results)
