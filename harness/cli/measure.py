"""`harness measure NAME`: programs at volume, how long they take, who waits, what they lose."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.progress import Progress

from harness.checks.verdict import Verdict
from harness.cli.missing import Missing
from harness.cli.options import (
    above_zero,
    add_cell_options,
    add_result_options,
    add_server_options,
    asked_engines,
    chosen_isolations,
    positive,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import console, keep, progress_line
from harness.engines import Engine, Isolation, Profile
from harness.errors import HarnessError, ServerError, UsageError
from harness.measure.measurement import (
    Answer,
    Asked,
    Every,
    Measurement,
    Result,
    measurements,
)
from harness.measure.measuring import measure
from harness.measure.picture import draw, see_can_be_drawn
from harness.measure.report import document, print_answer, print_verdict
from harness.scenario import choose
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.options import ServerOptions

_DESCRIPTION = """\
Run a problem's programs on as many rows as a day has, with online requests arriving meanwhile, and
say for each variant how long it takes, how long a clerk waits, what is logged and locked, and
whether anything is lost. The server is configured as in production: every commit is flushed.

`harness reproduce` proves what can happen, on few rows; this measures how much of it does. Times
are those of this machine: compare them within one run."""

_EPILOG = """\
examples:
  harness measure problem-1
  harness measure problem-1 --engine postgresql --commit-every 1 --commit-every all
  harness measure problem-3 --rows 20000 --jobs 1 --jobs 4 --plot problem-3.svg

A run that cannot show what it is meant to show is unknown: the generator of requests could not
keep up, a request was never answered, or the server went away.

exit status: 0 nothing is broken but in variants that are known to break, 1 something else is,
             2 unknown, 64 wrong usage, 70 the harness failed"""

ROWS = 2000


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "measure", "measure a problem at volume", _DESCRIPTION, _EPILOG
    )
    parser.add_argument(
        "measurement",
        metavar="NAME",
        help="such as problem-1 or billing-b; an unknown name lists all",
    )
    add_cell_options(parser)
    parser.add_argument(
        "--rows",
        type=positive,
        default=ROWS,
        metavar="N",
        help=f"rows that the batch program is to process (default: {ROWS}; the exam's day: 20000)",
    )
    parser.add_argument(
        "--commit-every",
        action="append",
        default=[],
        type=_every,
        metavar="N",
        help="rows between two commits, or 'all'; may be repeated (default: 1 10 100 1000 all)",
    )
    parser.add_argument(
        "--jobs",
        action="append",
        default=[],
        type=positive,
        metavar="N",
        help="parallel jobs; may be repeated (default: 1 2 4)",
    )
    parser.add_argument(
        "--rate",
        type=partial(above_zero, most=1000),
        default=10.0,
        metavar="R",
        help="requests of each online program a second (default: 10)",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    add_result_options(parser)
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the figures")
    add_server_options(parser)
    parser.set_defaults(run=run)


@dataclass
class _Report:
    """What came of it."""

    missing: Missing
    answers: list[Answer] = field(default_factory=list)

    def answer_of(self, engine: Engine) -> Answer | None:
        """What was measured on an engine, as far as it came."""
        return next((answer for answer in self.answers if answer.engine is engine), None)


def run(arguments: argparse.Namespace) -> int:
    """Measure on each engine and print the tables; the exit status.

    Raises:
        UsageError: a name or a number is wrong, or a file cannot be written.
    """
    known = measurements()
    choose("measurement", arguments.measurement, known)
    measurement = known[arguments.measurement]
    engines = asked_engines(arguments)
    writable(arguments.json, arguments.runs)
    see_can_be_drawn(arguments.plot)
    options = server_options(arguments)
    asked = _asked(arguments)
    try:
        measurement.data(asked)
    except ValueError as error:
        raise UsageError(str(error)) from None
    out = console()
    out.print(f"{measurement.title}: {asked.rows:,} rows, {asked.isolation.title}\n")
    report = _Report(Missing(engines_named=bool(arguments.engine)))
    with progress_line() as progress:
        for engine in engines:
            with report.missing.noted(engine):
                _measure(measurement, asked, engine, options, report, progress)
            if answer := report.answer_of(engine):
                print_answer(measurement, answer, out)
                out.print()
    if report.answers:
        report.missing.print_beside(out)
        print_verdict(report.answers, out)
    else:
        report.missing.print_alone()
    _keep(measurement, asked, report, arguments)
    return report.missing.status(_verdicts(report.answers))


def _asked(arguments: argparse.Namespace) -> Asked:
    levels = chosen_isolations(arguments.isolation, [Isolation.READ_COMMITTED])
    if len(levels) > 1:
        raise UsageError("--isolation: a measurement is made at one level", "name one")
    default = Asked(arguments.rows, arguments.seed, levels[0], rate_per_s=arguments.rate)
    return Asked(
        default.rows,
        default.seed,
        default.isolation,
        tuple(dict.fromkeys(arguments.commit_every)) or default.commit_every,
        tuple(dict.fromkeys(arguments.jobs)) or default.jobs,
        default.rate_per_s,
    )


def _measure(
    measurement: Measurement,
    asked: Asked,
    engine: Engine,
    options: ServerOptions,
    report: _Report,
    progress: Progress,
) -> None:
    task = progress.add_task(f"{engine.title}: starting a server", total=None)

    def watch(what: str, done: int, total: int) -> None:
        progress.update(
            task, description=f"{engine.title}: {what}", completed=done, total=total or None
        )

    try:
        offer = choose_server(engine, options)
        # Nobody changes the settings of a server that is somebody's.
        settings = {} if offer.source == "given" else dict(engine.loading.settings)
        with (
            start(offer, Profile.DURABLE, settings=settings, options=options) as server,
            fresh_database(server) as url,
        ):
            answer = Answer(engine, server.version, offer.description)
            report.answers.append(answer)
            try:
                measure(measurement, asked, url, answer, watch)
            except HarnessError as error:
                answer.missing = error.explain()
    except (ServerError, engine.driver_error):
        # The database cannot be dropped from a server that has died: the answer says that already.
        if report.answer_of(engine) is None:
            raise
    finally:
        progress.remove_task(task)


def _keep(
    measurement: Measurement, asked: Asked, report: _Report, arguments: argparse.Namespace
) -> None:
    content = document(measurement, asked, report.answers, report.missing.explained())
    keep(arguments, ["measure", measurement.name], content)
    if arguments.plot is not None and any(answer.results for answer in report.answers):
        title = f"{measurement.title}: {asked.rows:,} rows, {asked.isolation.title}"
        draw(arguments.plot, title, measurement.panels(report.answers))


def _verdicts(answers: Sequence[Answer]) -> Iterator[Verdict]:
    """Of each result, and unknown for each engine that was not measured to its end."""
    for answer in answers:
        yield from map(_told, answer.results)
        if answer.missing or not answer.results:
            yield Verdict.UNKNOWN


def _told(result: Result) -> Verdict:
    """What is known to break is as expected, as far as all its trials are known."""
    if result.verdict is not Verdict.VIOLATED or result.is_news:
        return result.verdict
    trials = [result.measured.get(name) for name in result.case.trials]
    whole = all(trial is not None and not trial.unknown for trial in trials)
    return Verdict.HOLDS if whole else Verdict.UNKNOWN


def _every(text: str) -> Every:
    return None if text == "all" else positive(text)
