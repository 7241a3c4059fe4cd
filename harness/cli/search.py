"""Explore a scenario's cells on this machine's servers, and report them."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

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
from harness.cli.options import chosen_engines, chosen_isolations, server_options, writable
from harness.engines import Engine, Isolation, Profile
from harness.errors import SourceUnavailable, UsageError
from harness.interleave.cell import Cell, Target
from harness.interleave.conductor import Limits
from harness.interleave.explore import Bounds, explore
from harness.interleave.schedule import Schedule
from harness.report import runs
from harness.report.document import document, execution_of
from harness.report.story import finding_story, recorded_story
from harness.report.table import cell_table
from harness.scenario import Scenario, Variant
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose, start

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
class Report:
    """What came of it."""

    cells: list[Cell] = field(default_factory=list)
    missing: list[SourceUnavailable] = field(default_factory=list)


def run_search(search: Search) -> int:
    """Explore every cell that was asked for and print what was found; the exit status.

    Raises:
        HarnessError: the call is wrong, or a server that was asked for cannot be had.
    """
    arguments = search.arguments
    writable(arguments.json)
    schedule = Schedule.parse(arguments.schedule) if arguments.schedule else None
    engines = chosen_engines(arguments.engine)
    levels = chosen_isolations(arguments.isolation, search.scenario.isolations)
    if schedule is not None:
        _one_cell(search, engines, levels, schedule)
    # A pipe has no width of its own; what is cut off there cannot be read by scrolling.
    out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
    out.print(f"{search.scenario.name}: {search.scenario.title}; {search.scenario.question}\n")
    report = _explore_all(search, engines, levels, schedule)
    _print(out, search, report)
    _keep(search, report)
    return _status(report, bool(arguments.engine))


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
    names = search.variants[0].programs
    strangers = [name for name in schedule.sessions() if name not in names]
    if strangers:
        raise UsageError(
            f"--schedule: names {', '.join(strangers)}, but the sessions are {', '.join(names)}"
        )


def _explore_all(
    search: Search,
    engines: Sequence[Engine],
    levels: Sequence[Isolation],
    schedule: Schedule | None,
) -> Report:
    report = Report()
    options = server_options(search.arguments)
    with _progress() as progress:
        for engine in engines:
            task = progress.add_task(f"{engine.title}: starting a server", total=None)
            try:
                offer = choose(engine, options)
            except SourceUnavailable as error:
                progress.remove_task(task)
                report.missing.append(error)
                continue
            with start(offer, Profile.EXPLORING, options=options) as server:
                for level in levels:
                    for variant in search.variants:
                        with fresh_database(server) as url:
                            target = Target(engine, server.version, offer.description, url)
                            cell = _explore_one(
                                search, target, variant, level, schedule, _shown(progress, task)
                            )
                        report.cells.append(cell)
                        progress.console.print(_first_word(cell), highlight=False, markup=False)
            progress.remove_task(task)
    return report


def _first_word(cell: Cell) -> str:
    """What is said of a cell as soon as it is known, on stderr."""
    broken = f", broken in {cell.anomalies}" if cell.anomalies else ""
    return (
        f"{_name(cell)}: {cell.verdict.value}, {cell.executions} executions{broken}, "
        f"{cell.elapsed_s:.1f} s"
    )


def _explore_one(
    search: Search,
    target: Target,
    variant: Variant,
    level: Isolation,
    schedule: Schedule | None,
    watch: Callable[[Cell, float], None],
) -> Cell:
    arguments = search.arguments
    limits = Limits(step_s=arguments.step_deadline, attempts=arguments.attempts)
    return explore(
        target,
        search.scenario,
        variant,
        level,
        schedule=schedule,
        bounds=Bounds(limits, arguments.max_executions),
        watch=watch,
    )


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
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


def _print(out: Console, search: Search, report: Report) -> None:
    width = shutil.get_terminal_size((110, 40)).columns
    recorded = [cell for cell in report.cells if cell.recorded is not None]
    for cell in recorded:
        out.print(recorded_story(cell, width), markup=False)
    if not recorded:
        out.print(cell_table(report.cells))
        _print_deadlocks(out, report)
        _print_best_finding(out, search, report, width)
    for error in report.missing:
        out.print(f"\nnot run: {error.explain()}", markup=False)
    _print_last_paragraph(out, report)


def _print_deadlocks(out: Console, report: Report) -> None:
    """A fix that holds may still make the server refuse work: say where, and which locks."""
    said = set()
    for cell in report.cells:
        if cell.deadlock is None or cell.verdict is not Verdict.HOLDS:
            continue
        lines = "; ".join(cell.deadlock.lines) or "the server does not tell which locks"
        if (cell.engine, cell.variant) not in said:
            out.print(
                f"\n{_name(cell)}: holds, with a deadlock in {cell.deadlocks} of {cell.executions} "
                f"executions\n  {lines}",
                markup=False,
            )
        said.add((cell.engine, cell.variant))


def _print_best_finding(out: Console, search: Search, report: Report, width: int) -> None:
    """One story is read; the others are in the stored run. News comes first."""
    found = [cell for cell in report.cells if cell.finding is not None]
    if not found:
        return
    cell = min(found, key=lambda c: (c.as_expected(), c.finding.length() if c.finding else ()))
    story = finding_story(cell, again(search, cell), width)
    out.print(f"\nthe shortest execution that breaks it\n\n{story}", markup=False)


def again(search: Search, cell: Cell) -> str:
    """The command that runs a cell's finding again."""
    assert cell.finding is not None, "only a finding is run again"
    words = [
        *search.command,
        *(["--variant", cell.variant] if len(search.scenario.variants) > 1 else []),
        *("--engine", cell.engine, "--isolation", cell.isolation.slug),
        *("--schedule", str(cell.finding.schedule)),
    ]
    return "./run " + shlex.join(words).replace("'", '"')


def _print_last_paragraph(out: Console, report: Report) -> None:
    out.print()
    for cell in report.cells:
        for reason in cell.unknown:
            out.print(f"unknown: {_name(cell)}: {reason}", markup=False)
    for cell in report.cells:
        if not cell.as_expected() and cell.verdict is not Verdict.UNKNOWN:
            expected = (cell.expected or Verdict.HOLDS).value
            out.print(
                f"news: {_name(cell)}: expected {expected}, {cell.verdict.value}", markup=False
            )
    for word in Verdict:
        cells = [cell for cell in report.cells if cell.verdict is word]
        if cells:
            as_expected = sum(cell.as_expected() for cell in cells)
            many = "cell" if len(cells) == 1 else "cells"
            out.print(f"{word.value}: {len(cells)} {many}, {as_expected} as expected")
    total = sum(cell.executions for cell in report.cells)
    many = "execution" if total == 1 else "executions"
    out.print(f"{total} {many}, each on a live server, none of them impossible")


def _name(cell: Cell) -> str:
    return f"{cell.title} {cell.version}, {cell.isolation.title}, {cell.variant}"


def _keep(search: Search, report: Report) -> None:
    content = document(report.cells)
    for entry, cell in zip(content["cells"], report.cells, strict=True):
        if cell.recorded is not None:
            entry["recorded"] = execution_of(cell.recorded)
        if cell.finding is not None:
            entry["finding"]["again"] = again(search, cell)
    content["missing"] = [error.message for error in report.missing]
    if search.arguments.json is not None:
        runs.write(search.arguments.json, content)
    path = runs.store(search.arguments.runs, search.command, content)
    print(f"stored: {path}", file=sys.stderr)


def _status(report: Report, engines_named: bool) -> int:
    """0 if every verdict is as expected; 1 for news; 2 if anything asked for is unknown."""
    if any(c.verdict is not Verdict.UNKNOWN and not c.as_expected() for c in report.cells):
        return EXIT[Verdict.VIOLATED]
    unknown = any(cell.verdict is Verdict.UNKNOWN for cell in report.cells)
    if unknown or not report.cells or (engines_named and report.missing):
        return EXIT[Verdict.UNKNOWN]
    return EXIT[Verdict.HOLDS]
