"""`harness replay night`: the batch night as a job network, on real servers."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from harness.cli.generated import add_data_options
from harness.cli.missing import Missing
from harness.cli.night_resume import (
    add_resume_options,
    given_only,
    resume_line,
    run_resume,
    see_kept,
    setting_document,
)
from harness.cli.options import (
    add_cell_options,
    add_result_options,
    add_server_options,
    asked_engines,
    chosen_isolations,
    positive,
    said_of_servers,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import again, console, progress_line, say_beside
from harness.clock import now_s
from harness.engines import Engine, Isolation, Profile
from harness.errors import UsageError
from harness.jobs.course import Action
from harness.jobs.ledger import Entry, Event, Watch
from harness.jobs.night import Night, chosen_night
from harness.jobs.picture import draw
from harness.jobs.rehearsal import NightResult, NightSetting, Rehearsed, differences, rehearse
from harness.jobs.report import (
    digest_lines,
    night_document,
    night_heading,
    night_lines,
    night_verdict,
    verdict_line,
)
from harness.jobs.resume import kept_files
from harness.measure.picture import see_can_be_drawn
from harness.report import runs
from harness.report.keys import with_whole_cells
from harness.scenario import choose
from harness.servers.databases import Lent, fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.server import Server

_DESCRIPTION = """\
Run the batch night on real servers: the data of an evening are loaded, then the programs run as
jobs of a network, in windows between milestones T1 to T6, at once where nothing orders them. A
ledger outside the server records what began, committed and ended. At each milestone a checkpoint
is taken, the tables that have changed are copied, both, or nothing is done.

The night is run a second time with one job after the other. Afterwards the digest of every table,
and every file that was written, must be the same in both, and on all engines.

A night on a given server can be kept, and gone on with if it breaks off or the harness is killed:
by its ledger, as the restart planner says, and from a table backup if tables cannot be trusted."""

_EPILOG = """\
examples:
  harness replay night
  harness replay night --engine E --plot night.svg
  harness replay night --placement all-late --at T2=nothing --at T3=nothing
  harness replay night --at T3=backup --at T5=checkpoint+backup
  harness replay night --server URL --keep
  harness replay night --server URL --resume runs/20241015-190000-1a2b/E-at-once.jsonl --restore T3
  harness plan restart --ledger runs/20241015-190000-1a2b/E-at-once.jsonl

exit status: 0 the nights came to their end, all alike, 1 a job failed or they differ,
             2 unknown (a server went away), 64 wrong usage, 70 the harness failed"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "night", "the batch night", _DESCRIPTION, _EPILOG)
    parser.add_argument(
        "night", nargs="?", metavar="NIGHT", help="default: the first that is installed"
    )
    add_data_options(parser, 0.005, "size of the data; 1 is the exam's")
    parser.add_argument(
        "--placement",
        metavar="P",
        help="which job runs in which window; an unknown name lists all (default: the first)",
    )
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="T=ACTION",
        help=f"what to do at a milestone: {', '.join(a.value for a in Action)}; may be repeated "
        "(default: checkpoint at each)",
    )
    parser.add_argument(
        "--sessions",
        type=positive,
        default=4,
        metavar="N",
        help="the most jobs at once (default: 4)",
    )
    parser.add_argument(
        "--sequence",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="run it once more with one job after the other, and compare (default: yes)",
    )
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the night")
    add_resume_options(parser)
    add_cell_options(parser)
    add_result_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


@dataclass
class _Nights:
    """What has been run so far."""

    setting: NightSetting
    arguments: argparse.Namespace
    folder: Path
    """Where the ledgers are kept."""
    missing: Missing
    found: list[NightResult] = field(default_factory=list)


def run(arguments: argparse.Namespace) -> int:
    """Run the night on each engine and print it; the exit status.

    Raises:
        UsageError: a name, a number or a file is wrong.
    """
    see_kept(arguments)
    if arguments.resume:
        return run_resume(arguments)
    arguments = given_only(arguments)
    night = chosen_night(arguments.night)
    engines = asked_engines(arguments)
    writable(arguments.json, arguments.runs)
    _see_one_night(arguments.plot, len(engines))
    setting = _setting(arguments, night)
    command = ["replay", "night", night.name]
    said = {"setting": setting_document(setting)}
    path = runs.store(arguments.runs, command, {"state": "under way", **said})
    missing = Missing(engines_named=bool(arguments.engine))
    nights = _Nights(setting, arguments, path.parent, missing)
    for engine in engines:
        with missing.noted(engine):
            _on_engine(engine, nights)
    _print(nights)
    found = with_whole_cells(night_document(nights.found))
    content = {**found, **said, "missing": missing.explained()}
    runs.write(path, {"command": command, **content})
    say_beside(f"stored: {path}")
    if arguments.json is not None:
        runs.write(arguments.json, content)
    return missing.status([night_verdict(nights.found)] if nights.found else [])


def _see_one_night(path: Path | None, engines: int) -> None:
    """See that a picture can be drawn.

    Raises:
        UsageError: its folder is missing, it is no SVG, or there would be several.
    """
    see_can_be_drawn(path)
    if path is not None and engines != 1:
        raise UsageError("--plot: draws the night of one engine", "name it with --engine")


def _setting(arguments: argparse.Namespace, night: Night) -> NightSetting:
    network = night.network(arguments.placement)
    levels = chosen_isolations(arguments.isolation, [Isolation.READ_COMMITTED])
    if len(levels) != 1:
        raise UsageError("--isolation: a night runs at one level", "name one")
    setting = NightSetting(
        night=night,
        network=network,
        scale=arguments.scale,
        seed=arguments.seed,
        business_date=arguments.date,
        actions=_actions(arguments.at, network.milestones),
        sessions=arguments.sessions,
        isolation=levels[0],
    )
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        setting.prepared(Path(folder))  # so that a wrong size is told before a server is started
    return setting


def _actions(said: list[str], milestones: Any) -> dict[str, Action]:
    found = dict.fromkeys(milestones, Action.CHECKPOINT)
    known = {action.value: action for action in Action}
    for text in said:
        milestone, equals, action = text.partition("=")
        if not equals:
            raise UsageError(f"--at '{text}': says no action", "such as --at T2=nothing")
        choose("milestone", milestone, found)
        choose("action", action, known)
        found[milestone] = known[action]
    return found


def _on_engine(engine: Engine, nights: _Nights) -> None:
    """Add to what was found; what has ended stands, whatever becomes of the server behind it."""
    options = server_options(nights.arguments)
    offer = choose_server(engine, options)
    # Nobody changes the settings of a server that is somebody's.
    settings = {} if offer.source == "given" else dict(engine.loading.settings)
    started = now_s()
    with start(offer, Profile.DURABLE, settings=settings, options=options) as server:
        with _one_night(server, nights, "at-once", nights.setting.sessions) as at_once:
            result = NightResult(engine, server.version, offer.description, nights.setting, at_once)
            result.planned = 2 if nights.arguments.sequence else 1
            result.elapsed_s = now_s() - started
            nights.found.append(result)
        if nights.arguments.sequence and at_once.run.finished:
            with _one_night(server, nights, "in-sequence", 1) as in_sequence:
                result.in_sequence = in_sequence
                result.differing = differences(at_once, in_sequence)
                result.elapsed_s = now_s() - started


@contextmanager
def _one_night(server: Server, nights: _Nights, name: str, sessions: int) -> Iterator[Rehearsed]:
    """A night that was run; its database is there still, which a dead server does not drop."""
    ledger = nights.folder / f"{server.engine.name}-{name}.jsonl"
    with (
        _database(server, nights.arguments) as url,
        kept_files(ledger, keep=nights.arguments.keep) as folder,
    ):
        title = f"{server.engine.title}, {name.replace('-', ' ')}"
        with _progress(title, nights.setting) as watch:
            left = rehearse(
                server.engine,
                url,
                nights.setting,
                folder,
                ledger,
                sessions=sessions,
                watch=watch,
            )
        yield left


@contextmanager
def _database(server: Server, arguments: argparse.Namespace) -> Iterator[URL]:
    """An empty database, which is gone afterwards unless it is to be kept."""
    if not arguments.keep:
        with fresh_database(server) as url:
            yield url
        return
    assert isinstance(server, Lent), "only a given server is used with --keep"
    try:
        yield server.empty_database()
    finally:
        server.keep()


@contextmanager
def _progress(title: str, setting: NightSetting) -> Iterator[Watch]:
    """A line that tells which jobs are at work, and how many have ended."""
    progress = progress_line("{task.completed} of {task.total} jobs", "{task.fields[told]}")
    task = progress.add_task(title, total=len(setting.network.jobs), told="loading")
    at_work: dict[str, None] = {}

    def told(entry: Entry) -> None:
        if entry.event is Event.STARTED:
            at_work[entry.subject] = None
        elif entry.event in {Event.ENDED, Event.FAILED}:
            at_work.pop(entry.subject, None)
            progress.advance(task)
        elif entry.event is not Event.REACHED:
            return
        progress.update(task, told=", ".join([*at_work]) or entry.subject)

    with progress:
        yield told


def _print(nights: _Nights) -> None:
    if not nights.found:
        nights.missing.print_alone()
        return
    print(*night_heading(nights.setting), "", sep="\n")
    for result in nights.found:
        print(*night_lines(result), "", sep="\n")
        if nights.arguments.plot is not None:
            draw(result, nights.arguments.plot)
            say_beside(f"drawn: {nights.arguments.plot}")
    if lines := digest_lines(nights.found):
        print(*lines, "", sep="\n")
    nights.missing.print_beside(console())
    print(verdict_line(nights.found))
    print(_again(nights))
    for result in nights.found:
        if nights.arguments.keep and not result.at_once.run.finished:
            ledger = nights.folder / f"{result.engine.name}-at-once.jsonl"
            print(resume_line(ledger, nights.arguments))


def _again(nights: _Nights) -> str:
    arguments, setting = nights.arguments, nights.setting
    words = ["replay", "night", setting.night.name]
    for engine in arguments.engine:
        words += ["--engine", engine]
    words += ["--isolation", setting.isolation.slug, "--placement", setting.network.placement.name]
    words += ["--scale", f"{setting.scale:g}", "--seed", str(setting.seed)]
    words += ["--date", setting.business_date.isoformat(), "--sessions", str(setting.sessions)]
    for said in arguments.at:
        words += ["--at", said]
    words += ["--keep"] if arguments.keep else [] if arguments.sequence else ["--no-sequence"]
    return again([*words, *said_of_servers(arguments)])
