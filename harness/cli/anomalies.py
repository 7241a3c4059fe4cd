"""`harness anomalies`: which textbook anomalies each level of each engine prevents."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from harness.checks.verdict import Verdict
from harness.cli.missing import Missing
from harness.cli.options import (
    add_cell_options,
    add_result_options,
    add_search_options,
    add_server_options,
    asked_engines,
    chosen_isolations,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import console, keep, own_name, say_beside
from harness.cli.search import Search, again, run_search
from harness.engines import Engine, Isolation, Profile
from harness.errors import UsageError
from harness.interleave.cell import Target
from harness.interleave.execution import Execution
from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from harness.report import runs
from harness.report.matrix import (
    LEGEND,
    POSSIBLE,
    UNKNOWN,
    Answer,
    Words,
    by_engine,
    matrix_document,
    matrix_table,
    news,
    shortest,
    summary,
)
from harness.report.story import finding_story
from harness.scenario import Scenario, brought_in, choose
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start

GROUP = "harness.anomalies"

_DESCRIPTION = """\
Run small programs that could show an anomaly through every possible interleaving on real servers,
and print for each engine and level whether any interleaving shows it, or what prevents it."""

_EPILOG = """\
examples:
  harness anomalies
  harness anomalies --only p4 --isolation repeatable-read
  harness anomalies --json before.json      (then upgrade a server)
  harness anomalies --expect before.json    what the upgrade changed

exit status: 0 all is known (and as expected), 1 a cell is news, 2 something is unknown,
             64 wrong usage, 70 the harness failed"""


class Anomaly(Protocol):
    """What a package brings: programs with a rule, and what prevented it."""

    @property
    def scenario(self) -> Scenario:
        """The programs, and the rule over their results."""

    def prevented_by(self, executions: Sequence[Execution]) -> Mapping[str, int]:
        """What hindered the dangerous interleavings, given all possible executions."""


@dataclass
class _Matrix:
    """What was asked for, and what has been answered so far."""

    anomalies: Sequence[Anomaly]
    levels: Sequence[Isolation]
    bounds: Bounds
    missing: Missing
    answers: list[Answer] = field(default_factory=list)


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "anomalies", "which anomalies each level prevents", _DESCRIPTION, _EPILOG
    )
    add_cell_options(parser)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="one anomaly, for instance g-single; may be repeated (default: all)",
    )
    parser.add_argument(
        "--schedule",
        metavar='"T1 T1 T2 …"',
        help="run this one schedule of one cell again, and draw it",
    )
    parser.add_argument(
        "--reduction",
        action="store_true",
        help="leave out interleavings that only exchange steps which commute; what prevents an "
        "anomaly is then not told",
    )
    parser.add_argument(
        "--expect",
        type=Path,
        metavar="FILE",
        help="the --json of an earlier run: cells that are otherwise now are news",
    )
    add_result_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explore the cells and print the matrix.

    Raises:
        UsageError: a name is unknown, or a file cannot be read.
    """
    known = {a.scenario.name: a for brought in brought_in(GROUP) for a in brought()}
    names = [name.lower() for name in dict.fromkeys(arguments.only)]
    for name in names:
        choose("anomaly", name, known)
    chosen = [known[name] for name in names or known]
    if arguments.schedule is not None:
        return run_search(_search(_only_one(chosen), arguments))
    expected = _read_expected(arguments.expect)
    writable(arguments.json, arguments.runs)
    matrix = _Matrix(
        chosen,
        chosen_isolations(arguments.isolation, tuple(Isolation)),
        Bounds(reduction=arguments.reduction),
        Missing(engines_named=bool(arguments.engine)),
    )
    for engine in asked_engines(arguments):
        with matrix.missing.noted(engine):
            _explore_engine(matrix, engine, arguments)
    changes = list(news(matrix.answers, expected))
    _print(matrix, changes, arguments)
    _keep(matrix, arguments)
    return matrix.missing.status(_verdicts(matrix.answers, changes))


def _search(anomaly: Anomaly, arguments: argparse.Namespace) -> Search:
    scenario = anomaly.scenario
    command = ["anomalies", "--only", scenario.name]
    # What other commands can be told about searching is as they have it when they are told nothing.
    others = Parser(add_help=False)
    add_search_options(others)
    said = argparse.Namespace(**{**vars(others.parse_args([])), **vars(arguments)})
    return Search(command, scenario, list(scenario.variants.values()), said)


def _only_one(chosen: Sequence[Anomaly]) -> Anomaly:
    if len(chosen) != 1:
        raise UsageError("--schedule: belongs to one anomaly", "name it with --only")
    return chosen[0]


def _read_expected(path: Path | None) -> Words:
    if path is None:
        return {}
    try:
        words: Words = json.loads(path.read_text(encoding="utf-8"))["matrix"]
    except OSError as error:
        raise UsageError(f"--expect '{path}': cannot be read: {runs.words(error)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"--expect '{path}': holds no matrix", "was it written by 'harness anomalies --json'?"
        ) from error
    return words


def _explore_engine(matrix: _Matrix, engine: Engine, arguments: argparse.Namespace) -> None:
    options = server_options(arguments)
    offer = choose_server(engine, options)
    with (
        start(offer, Profile.EXPLORING, options=options) as server,
        fresh_database(server) as url,
    ):
        target = Target(engine, server.version, offer.description, url)
        for anomaly in matrix.anomalies:
            row = [_explore_one(target, anomaly, level, matrix.bounds) for level in matrix.levels]
            matrix.answers += row
            told = "; ".join(f"{a.cell.isolation.title} {a.readable()}" for a in row)
            name = anomaly.scenario.name
            say_beside(f"{engine.title} {server.version}: {name}: {told}")


def _explore_one(target: Target, anomaly: Anomaly, level: Isolation, bounds: Bounds) -> Answer:
    executions: list[Execution] = []
    (variant,) = anomaly.scenario.variants.values()
    cell = explore(
        target,
        anomaly.scenario,
        variant,
        level,
        bounds=bounds,
        watch=lambda cell, _: executions.append(cell.latest) if cell.latest else None,
    )
    told = cell.verdict is Verdict.HOLDS and not bounds.reduction
    by = anomaly.prevented_by(executions) if told else {}
    return Answer(anomaly.scenario.title, cell, by)


def _print(matrix: _Matrix, changes: Sequence[str], arguments: argparse.Namespace) -> None:
    if not matrix.answers:
        matrix.missing.print_alone()
        return
    out = console()
    for answers in by_engine(matrix.answers):
        out.print(matrix_table(answers))
        out.print()
    out.print(LEGEND)
    _print_findings(out, matrix, arguments)
    matrix.missing.print_beside(out, before="\n")
    out.print()
    for line in (*changes, *summary(matrix.answers)):
        out.print(line)


def _print_findings(out: Console, matrix: _Matrix, arguments: argparse.Namespace) -> None:
    """The shortest execution of every possible anomaly; of a single anomaly, it is drawn."""
    found = [answer for answer in matrix.answers if answer.word == POSSIBLE]
    if not found:
        return
    if len(matrix.anomalies) == 1:
        cell = min(found, key=lambda a: a.cell.finding.length() if a.cell.finding else ()).cell
        command = again(_search(matrix.anomalies[0], arguments), cell)
        width = shutil.get_terminal_size((110, 40)).columns
        out.print(f"\n{finding_story(cell, command, width)}")
        return
    out.print("\nthe shortest executions that show them\n")
    for line in shortest(matrix.answers):
        out.print(line)
    out.print(f"\nto see one drawn: {own_name()} anomalies --only NAME --engine E --isolation L")


def _keep(matrix: _Matrix, arguments: argparse.Namespace) -> None:
    content: dict[str, Any] = matrix_document(matrix.answers)
    content["missing"] = matrix.missing.explained()
    names = [anomaly.scenario.name for anomaly in matrix.anomalies]
    command = ["anomalies", *(word for name in names for word in ("--only", name))]
    keep(arguments, command, content, say_where=bool(matrix.answers))


def _verdicts(answers: Sequence[Answer], changes: Sequence[str]) -> list[Verdict]:
    """Of each cell that is known it holds; what is not as expected is violated."""
    told = [Verdict.UNKNOWN if one.word == UNKNOWN else Verdict.HOLDS for one in answers]
    return [*told, *(Verdict.VIOLATED for _ in changes)] if told else []
