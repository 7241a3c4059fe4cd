"""`harness operations watch`: one server's figures, waits, deadlocks and log while others work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.live import Live
from sqlalchemy import URL

from harness import __version__
from harness.cli.options import (
    add_result_options,
    add_server_options,
    chosen_engines,
    duration,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import console, keep, say_beside
from harness.clock import Deadline, pause
from harness.engines import ENGINES, Engine, Profile
from harness.errors import SourceUnavailable, UsageError
from harness.operations.monitor import Monitor
from harness.operations.report import Report
from harness.operations.table import figure_table, missing_lines
from harness.operations.target import leads_to
from harness.scenario import choose
from harness.servers.given_url import place
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.server import Server

_DESCRIPTION = """\
Watch one server and say what was seen: connections, lock waits, the longest transaction, log bytes,
checkpoints, buffer hits, disk, each with its low, mean and high; which program waited for which on
which table; deadlocks with their cycle; the server's error log by severity; whether it lived.

With --server the server may be in use: it is only asked, nothing on it is changed. Without, one is
started for the purpose (--engine), with production settings, and is gone afterwards. Watching ends
after --for, or with Ctrl-C. What the watching itself took is told at the end."""

_EPILOG = """\
examples:
  harness operations watch --server URL
  harness operations watch --server URL --every 0.5 --for 30s --json seen.json
  harness operations watch --engine E --for 10s      a server started for the purpose

exit status: 0 the server answered all the time, 1 its process ended, 2 it did not answer and why is
             unknown, 64 wrong usage, 70 the harness failed"""

_LOOK_S = 0.2


@dataclass(frozen=True)
class _Watched:
    """What is watched."""

    engine: Engine
    url: URL
    version: str
    server: Server | None
    """Only one of ours has a log and a process to look at."""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "operations", "watch a server", _DESCRIPTION, _EPILOG)
    parser.add_argument("what", choices=["watch"], help="watch: sample a server's figures")
    parser.add_argument(
        "--engine",
        metavar="E",
        help=f"one of {', '.join(ENGINES)} (default: what --server leads to, else the first)",
    )
    parser.add_argument(
        "--every",
        type=duration,
        default=1.0,
        metavar="S",
        help="seconds between two samples, 0.2 or more (default: 1)",
    )
    parser.add_argument(
        "--for",
        dest="length_s",
        type=duration,
        metavar="30s",
        help="how long: 30, 90s, 5m, 2h (default: until Ctrl-C)",
    )
    add_result_options(parser)
    add_server_options(parser, given="watch this server, in use or not (also HARNESS_SERVER)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Watch, and print what was seen.

    Raises:
        UsageError: an option cannot be understood.
        ServerError: the server does not answer, or cannot be had.
    """
    writable(arguments.json, arguments.runs)
    with _watched(arguments) as watched:
        monitor = Monitor(watched.engine, watched.url, watched.server, arguments.every)
        with monitor:
            complete = _watch(monitor, watched, arguments.length_s)
        report = monitor.report()
    _print(report, watched)
    _keep(report, arguments, complete=complete)
    return _status(report)


@contextmanager
def _watched(arguments: argparse.Namespace) -> Iterator[_Watched]:
    options = server_options(arguments)
    if arguments.engine is not None:
        choose("engine", arguments.engine, ENGINES)
    engines = chosen_engines([arguments.engine] if arguments.engine else [])
    if options.urls and options.source in (None, "given"):
        if len(options.urls) > 1:
            raise UsageError("--server: one server is watched at a time")
        engine, url, version = leads_to(options.urls[0], engines)
        yield _Watched(engine, url, version, None)
        return
    offer = None
    for engine in engines:
        try:
            offer = choose_server(engine, options)
            break
        except SourceUnavailable:
            if engine is engines[-1]:
                raise
    assert offer is not None, "there is an offer, or an error"
    say_beside(f"{offer.engine.title}: starting a server")
    settings = offer.engine.monitoring.all_deadlocks
    with start(offer, Profile.DURABLE, settings=settings, options=options) as server:
        yield _Watched(offer.engine, server.url(), server.version, server)


def _watch(monitor: Monitor, watched: _Watched, length_s: float | None) -> bool:
    """Wait for the end; False if it came by Ctrl-C before its time."""
    deadline = None if length_s is None else Deadline.after(length_s)
    terminal = console(sys.stderr)
    heading = f"{watched.engine.title} {watched.version}"
    try:
        with Live(console=terminal, transient=True, auto_refresh=False) as live:
            while deadline is None or not deadline.over():
                pause(_LOOK_S if deadline is None else min(_LOOK_S, deadline.remaining_s()))
                if terminal.is_terminal:
                    live.update(figure_table(monitor.report().figures, heading), refresh=True)
    except KeyboardInterrupt:
        return deadline is None
    return True


def _print(report: Report, watched: _Watched) -> None:
    out = console()
    where = f", {place(watched.url)}" if watched.server is None else ""
    out.print(figure_table(report.figures, f"{watched.engine.title} {watched.version}{where}"))
    out.print()
    for line in (*missing_lines(report.figures), "", *report.lines()):
        out.print(line)


def _keep(report: Report, arguments: argparse.Namespace, *, complete: bool) -> None:
    content: dict[str, Any] = {
        "harness": __version__,
        "complete": complete,
        "operations": report.document(),
    }
    keep(arguments, ["operations", "watch"], content)


def _status(report: Report) -> int:
    states = {spell.state for spell in report.spells}
    if "gone" in states:
        return 1
    return 0 if states == {"answers"} else 2
