"""Explore a scenario's cells on this machine's servers, and report them."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from harness.checks.verdict import Verdict
from harness.cli.options import (
    chosen_engines,
    chosen_isolations,
    said_of_servers,
    server_options,
    writable,
)
from harness.cli.script import see_folder, write_scripts
from harness.engines import Engine, Isolation, Profile
from harness.errors import (
    HarnessError,
    ProgramMisbehaved,
    ServerError,
    SourceUnavailable,
    UsageError,
)
from harness.interleave.cell import Cell, Target
from harness.interleave.explore import explore, workers_for
from harness.interleave.limits import Limits
from harness.interleave.schedule import Schedule
from harness.interleave.search import Bounds, Sample, bounds_for
from harness.interleave.stress import Stress
from harness.interleave.workers import Workers
from harness.report import runs
from harness.report.document import document, execution_of
from harness.report.story import finding_story, recorded_story
from harness.report.summary import first_word, is_news, last_paragraph, refused_work
from harness.report.table import cell_table
from harness.scenario import Scenario, Variant
from harness.servers.databases import fresh_databases
from harness.servers.ladder import choose, start
from harness.servers.options import ServerOptions

EXIT = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 2}


@dataclass(frozen=True)
class Search:
    """What was asked for: a scenario, and which of its cells."""

    command: Sequence[str]
    """The command's own words, to which a cell's options are added to repeat it."""
    scenario: Scenario
    variants: Sequence[Variant]
    arguments: argparse.Namespace


@dataclass
class NotRun:
    """An engine of which some cell could not be explored, and why."""

    engine: Engine
    error: HarnessError

    def explain(self) -> str:
        """The engine, the reason and the hints."""
        said = self.error.explain()
        return said if said.startswith(self.engine.name) else f"{self.engine.title}: {said}"


@dataclass
class Report:
    """What came of it."""

    cells: list[Cell] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)


def run_search(search: Search) -> int:
    """Explore every cell that was asked for and print what was found; the exit status.

    Raises:
        HarnessError: the call is wrong, or a server that was asked for cannot be had.
    """
    arguments = search.arguments
    writable(arguments.json, arguments.runs)
    see_folder(arguments.script)
    options = server_options(arguments)
    schedule = None if arguments.schedule is None else Schedule.parse(arguments.schedule)
    engines = chosen_engines(arguments.engine)
    levels = chosen_isolations(arguments.isolation, search.scenario.isolations)
    if schedule is not None:
        _one_cell(search, engines, levels, schedule)
    report = Report()
    # Workers are forked before anything else begins: no thread runs yet, and no server.
    bounds = bounds_for(search.scenario, _bounds(arguments))
    number = arguments.workers if schedule is None and bounds.can_be_shared() else 1
    with workers_for(search.scenario, number) as workers, _progress() as progress:
        for engine in engines:
            try:
                _explore_engine(
                    search, engine, options, levels, schedule, report, progress, workers
                )
            except (ServerError, ProgramMisbehaved) as error:
                report.not_run.append(NotRun(engine, error))
    _print(search, report)
    _keep(search, report)
    return _status(report, bool(arguments.engine))


def _console(file: TextIO) -> Console:
    """A console that prints what it is given: names and answers are no markup.

    A pipe has no width of its own: nothing is cut or broken there.
    """
    width = None if file.isatty() else 160
    return Console(
        file=file, highlight=False, markup=False, emoji=False, soft_wrap=True, width=width
    )


def _one_cell(
    search: Search, engines: Sequence[Engine], levels: Sequence[Isolation], schedule: Schedule
) -> None:
    """A schedule belongs to one cell: see that one is named.

    Raises:
        UsageError: several are, or the schedule names other sessions.
    """
    if len(engines) * len(levels) * len(search.variants) != 1:
        raise UsageError(
            "--schedule: belongs to one engine, one isolation level and one variant",
            "name each with --engine, --isolation and --variant",
        )
    schedule.must_name(search.variants[0].programs)


def _explore_engine(
    search: Search,
    engine: Engine,
    options: ServerOptions,
    levels: Sequence[Isolation],
    schedule: Schedule | None,
    report: Report,
    progress: Progress,
    workers: Workers,
) -> None:
    task = progress.add_task(f"{engine.title}: starting a server", total=None, rate="")
    try:
        offer = choose(engine, options)
        with start(offer, Profile.EXPLORING, options=options) as server:
            for level, variant in product(levels, search.variants):
                with fresh_databases(server, 1 + len(workers)) as urls:
                    target = Target(
                        engine, server.version, offer.description, urls[0], tuple(urls[1:])
                    )
                    watch = _shown(progress, task)
                    cell = _explore_one(search, target, variant, level, schedule, watch, workers)
                report.cells.append(cell)
                progress.console.print(first_word(cell))
    finally:
        progress.remove_task(task)


def _explore_one(
    search: Search,
    target: Target,
    variant: Variant,
    level: Isolation,
    schedule: Schedule | None,
    watch: Callable[[Cell, float], None],
    workers: Workers,
) -> Cell:
    arguments = search.arguments
    return explore(
        target,
        search.scenario,
        variant,
        level,
        schedule=schedule,
        bounds=_bounds(arguments),
        watch=watch,
        workers=workers,
    )


def _bounds(arguments: argparse.Namespace) -> Bounds:
    return Bounds(
        limits=Limits(step_s=arguments.step_deadline, attempts=arguments.attempts),
        executions=arguments.max_executions,
        reduction=arguments.reduction,
        budget_s=arguments.budget,
        preemptions=arguments.preemptions,
        sample=Sample(arguments.sample, arguments.seed) if arguments.sample else None,
        stress=Stress(arguments.stress, arguments.seed) if arguments.stress else None,
    )


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=_console(sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _shown(progress: Progress, task: TaskID) -> Callable[[Cell, float], None]:
    started = progress.get_time()

    def executed(cell: Cell, fraction: float) -> None:
        passed = max(1e-6, progress.get_time() - started)
        progress.update(
            task,
            description=f"{cell.title}, {cell.isolation.title}, {cell.variant}",
            total=1.0,
            completed=fraction,
            rate=f"{cell.executions} executions, {cell.executions / passed:.0f}/s",
        )

    return executed


def _print(search: Search, report: Report) -> None:
    if not report.cells:
        for missing in report.not_run:
            print(missing.explain(), file=sys.stderr)
        return
    out = _console(sys.stdout)
    width = shutil.get_terminal_size((110, 40)).columns
    scenario = search.scenario
    out.print(f"{scenario.name}: {scenario.title}; {scenario.question}\n")
    recorded = [cell for cell in report.cells if cell.recorded is not None]
    for cell in recorded:
        out.print(recorded_story(cell, width))
    if not recorded:
        out.print(cell_table(report.cells, out.width))
        for text in refused_work(report.cells):
            out.print(f"\n{text}")
        _print_best_finding(out, search, report, width)
    for missing in report.not_run:
        out.print(f"\nnot run: {missing.explain()}")
    out.print()
    for line in last_paragraph(report.cells):
        out.print(line)


def _print_best_finding(out: Console, search: Search, report: Report, width: int) -> None:
    """One story is read; the others are in the stored run. News comes first."""
    found = [cell for cell in report.cells if cell.finding is not None]
    if not found:
        return
    cell = min(found, key=lambda c: (c.as_expected(), c.finding.length() if c.finding else ()))
    story = finding_story(cell, again(search, cell), width)
    out.print(f"\nthe shortest execution that breaks it\n\n{story}")


def again(search: Search, cell: Cell) -> str:
    """The command that runs a cell's finding again."""
    assert cell.finding is not None, "only a finding is run again"
    arguments = search.arguments
    words = [
        *search.command,
        *(["--variant", cell.variant] if len(search.scenario.variants) > 1 else []),
        *("--engine", cell.engine, "--isolation", cell.isolation.slug),
        *(["--attempts", str(arguments.attempts)] if arguments.attempts > 1 else []),
        *said_of_servers(arguments),
        *_how(cell),
    ]
    return " ".join([os.environ.get("HARNESS_COMMAND", "harness"), *map(_quoted, words)])


def _how(cell: Cell) -> list[str]:
    """The finding's schedule; what was found while nothing was held is looked for again."""
    if cell.finding is not None and cell.finding.execution.turns:
        return ["--schedule", str(cell.finding.schedule)]
    return ["--stress", str(cell.rounds)]


def _quoted(word: str) -> str:
    """A word for a shell, in double quotes where that means the same."""
    return f'"{word}"' if re.fullmatch(r"[\w *-]* [\w *-]*", word) else shlex.quote(word)


def _keep(search: Search, report: Report) -> None:
    content = document(report.cells)
    for entry, cell in zip(content["cells"], report.cells, strict=True):
        if cell.recorded is not None:
            entry["recorded"] = execution_of(cell.recorded)
        if cell.finding is not None:
            entry["finding"]["again"] = again(search, cell)
    content["missing"] = [missing.explain() for missing in report.not_run]
    path = runs.store(search.arguments.runs, search.command, content)
    if report.cells:
        print(f"stored: {path}", file=sys.stderr)
    if search.arguments.json is not None:
        runs.write(search.arguments.json, content)
    if search.arguments.script is not None:
        for said in write_scripts(search.arguments.script, report.cells):
            print(said, file=sys.stderr)


def _status(report: Report, engines_named: bool) -> int:
    """0 if every verdict is as expected; 1 for news; 2 if anything asked for is unknown."""
    errors = [missing.error for missing in report.not_run]
    if not report.cells:
        return errors[0].exit_status
    if any(is_news(cell) for cell in report.cells):
        return EXIT[Verdict.VIOLATED]
    # An engine that nobody named may be missing; one that did not start or go on may not.
    missing = any(engines_named or not isinstance(e, SourceUnavailable) for e in errors)
    if missing or any(cell.verdict is Verdict.UNKNOWN for cell in report.cells):
        return EXIT[Verdict.UNKNOWN]
    return EXIT[Verdict.HOLDS]
