"""Explore a scenario's cells on this machine's servers, and report them."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID

from harness.checks.verdict import Verdict
from harness.cli.missing import EXIT, Missing
from harness.cli.options import (
    asked_engines,
    chosen_isolations,
    said_of_servers,
    server_options,
    writable,
)
from harness.cli.results import console, keep, own_name, progress_line, say_beside
from harness.cli.script import see_folder, write_scripts
from harness.engines import Engine, Isolation, Profile
from harness.errors import UsageError
from harness.interleave.cell import Cell, Target
from harness.interleave.explore import explore, workers_for
from harness.interleave.limits import Limits
from harness.interleave.schedule import Schedule
from harness.interleave.search import Bounds, Sample, bounds_for
from harness.interleave.stress import Stress
from harness.interleave.workers import Workers
from harness.report.document import document, execution_of
from harness.report.story import finding_story, recorded_story
from harness.report.summary import first_word, is_news, last_paragraph, refused_work
from harness.report.table import cell_table
from harness.scenario import Scenario, Variant
from harness.servers.databases import fresh_databases
from harness.servers.ladder import choose, start
from harness.servers.options import ServerOptions


@dataclass(frozen=True)
class Search:
    """What was asked for: a scenario, and which of its cells."""

    command: Sequence[str]
    """The command's own words, to which a cell's options are added to repeat it."""
    scenario: Scenario
    variants: Sequence[Variant]
    arguments: argparse.Namespace

    def levels(self) -> Sequence[Isolation]:
        """The levels named, or the scenario's own.

        Raises:
            UsageError: a name is unknown.
        """
        return chosen_isolations(self.arguments.isolation, self.scenario.isolations)


Conclude = Callable[[Mapping[str, Any], Sequence[Engine], Mapping[str, str]], Verdict]
"""Judges a run's document: of the engines asked for, the last says why some were not run, by name.
"""


@dataclass
class Report:
    """What came of it."""

    missing: Missing
    cells: list[Cell] = field(default_factory=list)


def run_search(search: Search) -> int:
    """Explore every cell that was asked for and print what was found; the exit status.

    Raises:
        HarnessError: the call is wrong, or a server that was asked for cannot be had.
    """
    return run_searches(search.command, [search])


def run_searches(
    command: Sequence[str], searches: Sequence[Search], conclude: Conclude | None = None
) -> int:
    """The same for several scenarios, on one server of each engine.

    `command` is what is stored as having made the run. `conclude` is given the run's document, the
    engines asked for, and why some were not run, by name; what it returns beside the run's own
    status counts if worse.

    Raises:
        HarnessError: the call is wrong, or a server that was asked for cannot be had.
    """
    arguments = searches[0].arguments
    writable(arguments.json, arguments.runs)
    see_folder(arguments.script)
    options = server_options(arguments)
    schedule = None if arguments.schedule is None else Schedule.parse(arguments.schedule)
    engines = asked_engines(arguments)
    chosen_isolations(arguments.isolation, ())
    if schedule is not None:
        _one_cell(searches, engines, schedule)
    report = Report(Missing(engines_named=bool(arguments.engine)))
    with ExitStack() as stack:
        # Workers are forked before anything else begins: no thread runs yet, and no server.
        shared = [(search, stack.enter_context(_workers(search, schedule))) for search in searches]
        progress = stack.enter_context(progress_line("{task.fields[rate]}"))
        for engine in engines:
            with report.missing.noted(engine):
                _explore_engine(shared, engine, options, schedule, report, progress)
    for line in _legend(searches) if report.cells else ():
        say_beside(line)
    _print(searches, report)
    content = _keep(command, searches, report)
    status = _status(report)
    if conclude is None or status not in EXIT.values():
        return status
    why = {missing.engine.name: missing.explain() for missing in report.missing.not_run}
    said = conclude(content, engines, why)
    return EXIT[Verdict.worst([said, *(v for v in Verdict if EXIT[v] == status)])]


def _legend(searches: Sequence[Search]) -> Iterator[str]:
    """What each variant is, where there are several to tell apart."""
    for search in searches:
        if len(search.scenario.variants) > 1:
            yield f"{search.scenario.name}: the programs as they are, and what is tried against it"
            yield from (f"  {variant.name}: {variant.sentence}" for variant in search.variants)


def _workers(search: Search, schedule: Schedule | None) -> Workers:
    bounds = bounds_for(search.scenario, _bounds(search.arguments))
    alone = schedule is not None or not bounds.can_be_shared()
    return workers_for(search.scenario, 1 if alone else search.arguments.workers)


def _one_cell(searches: Sequence[Search], engines: Sequence[Engine], schedule: Schedule) -> None:
    """A schedule belongs to one cell: see that one is named.

    Raises:
        UsageError: several are, or the schedule names other sessions.
    """
    search = searches[0]
    if len(searches) * len(engines) * len(search.levels()) * len(search.variants) != 1:
        raise UsageError(
            "--schedule: belongs to one engine, one isolation level and one variant",
            "name each with --engine, --isolation and --variant",
        )
    schedule.must_name(search.variants[0].programs)


def _explore_engine(
    shared: Sequence[tuple[Search, Workers]],
    engine: Engine,
    options: ServerOptions,
    schedule: Schedule | None,
    report: Report,
    progress: Progress,
) -> None:
    task = progress.add_task(f"{engine.title}: starting a server", total=None, rate="")
    try:
        offer = choose(engine, options)
        with start(offer, Profile.EXPLORING, options=options) as server:
            for search, workers, level, variant in _cells(shared):
                with fresh_databases(server, 1 + len(workers)) as urls:
                    target = Target(
                        engine, server.version, offer.description, urls[0], tuple(urls[1:])
                    )
                    watch = _shown(progress, task)
                    cell = _explore_one(search, target, variant, level, schedule, watch, workers)
                report.cells.append(cell)
                scenario = f"{cell.scenario}: " if len(shared) > 1 else ""
                progress.console.print(f"{scenario}{first_word(cell)}")
    finally:
        progress.remove_task(task)


def _cells(
    shared: Sequence[tuple[Search, Workers]],
) -> Iterator[tuple[Search, Workers, Isolation, Variant]]:
    for search, workers in shared:
        for level, variant in product(search.levels(), search.variants):
            yield search, workers, level, variant


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


def _print(searches: Sequence[Search], report: Report) -> None:
    if not report.cells:
        report.missing.print_alone()
        return
    out = console()
    for search in searches:
        cells = [cell for cell in report.cells if cell.scenario == search.scenario.name]
        _print_scenario(out, search, cells)
        if len(searches) > 1:
            out.print("\n".join(["", *last_paragraph(cells), "\n"]))
    report.missing.print_beside(out, before="\n")
    if len(searches) == 1:
        out.print("\n".join(["", *last_paragraph(report.cells)]))


def _print_scenario(out: Console, search: Search, cells: Sequence[Cell]) -> None:
    width = shutil.get_terminal_size((110, 40)).columns
    scenario = search.scenario
    out.print(f"{scenario.name}: {scenario.title}; {scenario.question}\n")
    recorded = [cell for cell in cells if cell.recorded is not None]
    for cell in recorded:
        out.print(recorded_story(cell, width))
    if not recorded:
        out.print(cell_table(cells, out.width))
        for text in refused_work(cells):
            out.print(f"\n{text}")
        _print_best_finding(out, search, cells, width)


def _print_best_finding(out: Console, search: Search, cells: Sequence[Cell], width: int) -> None:
    """One story is read; the others are in the stored run. News comes first."""
    found = [cell for cell in cells if cell.finding is not None]
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
    return " ".join([own_name(), *map(_quoted, words)])


def _how(cell: Cell) -> list[str]:
    """The finding's schedule; what was found while nothing was held is looked for again."""
    if cell.finding is not None and cell.finding.execution.turns:
        return ["--schedule", str(cell.finding.schedule)]
    return ["--stress", str(cell.rounds)]


def _quoted(word: str) -> str:
    """A word for a shell, in double quotes where that means the same."""
    return f'"{word}"' if re.fullmatch(r"[\w *-]* [\w *-]*", word) else shlex.quote(word)


def _keep(command: Sequence[str], searches: Sequence[Search], report: Report) -> Mapping[str, Any]:
    """Store the run's document, and write it where it is wanted."""
    arguments = searches[0].arguments
    by_name = {search.scenario.name: search for search in searches}
    content = document(report.cells)
    for entry, cell in zip(content["cells"], report.cells, strict=True):
        if cell.recorded is not None:
            entry["recorded"] = execution_of(cell.recorded)
        if cell.finding is not None:
            entry["finding"]["again"] = again(by_name[cell.scenario], cell)
    content["missing"] = report.missing.explained()
    keep(arguments, command, content, say_where=bool(report.cells))
    if arguments.script is not None:
        for name in by_name:
            place = arguments.script / name if len(searches) > 1 else arguments.script
            for said in write_scripts(place, [c for c in report.cells if c.scenario == name]):
                say_beside(said)
    return content


def _status(report: Report) -> int:
    """0 if every verdict is as expected; 1 for news; 2 if anything asked for is unknown."""
    return report.missing.status(map(_told, report.cells))


def _told(cell: Cell) -> Verdict:
    """News is violated, whatever its verdict; what is known to break holds what was expected."""
    if is_news(cell):
        return Verdict.VIOLATED
    return Verdict.UNKNOWN if cell.verdict is Verdict.UNKNOWN else Verdict.HOLDS
