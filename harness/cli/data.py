"""`harness data`: large data into real servers, and the proof that all of it arrived."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from harness.checks.verdict import Verdict
from harness.cli.generated import add_data_options
from harness.cli.options import (
    add_engine_option,
    add_result_options,
    add_server_options,
    chosen_engines,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.search import EXIT, NotRun
from harness.engines import Engine, Profile
from harness.errors import ServerError, SourceUnavailable, UsageError
from harness.loading.dataset import Generated, datasets
from harness.loading.loader import Loaded, load, read_digests
from harness.loading.report import Answer, Answers, answers_document, print_answers
from harness.report import runs
from harness.scenario import choose
from harness.servers import given
from harness.servers.databases import Lent, fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.offer import Offer
from harness.servers.options import ServerOptions
from harness.servers.server import Server

_DESCRIPTION = """\
Make a system's data at any size and load them through the engine's own way to take files; then ask
the server for a digest of every table, which does not depend on the order of the rows, and compare
it with the digest of what was sent. The same seed gives the same digests on every engine.

`load` uses a server of its own, which is gone afterwards, or the one given with --server; with
--keep the data stay there, and the database stays marked as the harness's. `digest` reads the
digests of a database given with --server and changes nothing."""

_EPILOG = """\
examples:
  harness data load --scale 0.01
  harness data load --scale 1 --keep --server URL
  harness data digest --server URL

exit status: 0 every table holds what was sent, 1 one does not, 2 something is unknown,
             64 wrong usage, 70 the harness failed"""

_DEFAULT = "vehicle-maintenance"


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "data", "load large data", _DESCRIPTION, _EPILOG)
    parser.add_argument(
        "what", choices=["load", "digest"], help="load: make and load data; digest: read digests"
    )
    parser.add_argument(
        "dataset", nargs="?", default=_DEFAULT, metavar="DATASET", help=f"default: {_DEFAULT}"
    )
    add_data_options(parser, 0.01, "1 is 100,000 vehicles, or members")
    add_engine_option(parser)
    parser.add_argument(
        "--keep", action="store_true", help="load: leave the data in the given database"
    )
    add_result_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Load, or read digests, on each engine, and print them; the exit status.

    Raises:
        UsageError: a name or a size is wrong, or a file cannot be written.
    """
    known = datasets()
    choose("dataset", arguments.dataset, known)
    engines = chosen_engines(arguments.engine)
    writable(arguments.json, arguments.runs)
    options = server_options(arguments)
    _must_fit(arguments, options)
    try:
        generated = known[arguments.dataset](arguments.scale, arguments.seed, arguments.date)
    except ValueError as error:
        raise UsageError(str(error)) from None
    answers = Answers(_title(arguments))
    ask = _load if arguments.what == "load" else _digest
    for engine in engines:
        try:
            if answer := ask(engine, options, generated, arguments.keep):
                answers.found.append(answer)
        except ServerError as error:
            answers.not_run.append(NotRun(engine, error))
    if not answers.found and not answers.not_run:
        raise UsageError("data digest: no given server is of these engines", "--server URL")
    print_answers(answers, Console(highlight=False, markup=False, emoji=False, soft_wrap=True))
    _keep(answers, arguments)
    return _status(answers, engines_named=bool(arguments.engine))


def _must_fit(arguments: argparse.Namespace, options: ServerOptions) -> None:
    """See that there is a given server where one is needed.

    Raises:
        UsageError: there is none.
    """
    if arguments.what == "digest" and not options.urls:
        raise UsageError(
            "data digest: needs a database to read",
            "--server URL, as for `harness data load --keep --server URL`",
        )
    if arguments.what == "digest" and arguments.keep:
        raise UsageError("--keep: data digest changes nothing, and keeps what is there")
    if arguments.keep and not options.urls:
        raise UsageError(
            "--keep: a server that the harness starts is gone afterwards, with its data",
            "name the one in which the data are to stay with --server URL",
        )


def _title(arguments: argparse.Namespace) -> str:
    if arguments.what == "digest":
        return f"{arguments.dataset}: what the given databases hold"
    return (
        f"{arguments.dataset}: scale {arguments.scale:g}, seed {arguments.seed},"
        f" business date {arguments.date}"
    )


def _load(
    engine: Engine, options: ServerOptions, generated: Generated, keep: bool
) -> Answer | None:
    if keep:  # a server of ours would take the data with it
        options = replace(options, source="given")
    offer = choose_server(engine, options)
    # Nobody changes the settings of a server that is somebody's.
    settings = {} if offer.source == "given" else dict(engine.loading.settings)
    with (
        _progress() as progress,
        start(offer, Profile.DURABLE, settings=settings, options=options) as server,
    ):
        return _load_into(server, offer, generated, _shown(progress, engine, generated), keep)


def _load_into(
    server: Server,
    offer: Offer,
    generated: Generated,
    watch: Callable[[int, int], None],
    keep: bool,
) -> Answer:
    engine = server.engine
    if not keep:
        with fresh_database(server) as url:
            return _answer(server, offer.description, load(engine, url, generated, watch))
    assert isinstance(server, Lent), "only a given server is used with --keep"
    loaded = load(engine, server.empty_database(), generated, watch)
    server.keep()
    return _answer(server, f"{offer.description}, kept", loaded)


def _answer(server: Server, source: str, loaded: Loaded) -> Answer:
    return Answer(server.engine, server.version, source, loaded.held, loaded.sent, loaded.elapsed_s)


def _digest(
    engine: Engine, options: ServerOptions, generated: Generated, _keep: bool
) -> Answer | None:
    url = given.where(engine, options)
    if url is None:
        return None
    found = read_digests(engine, url, generated.metadata)
    return None if found is None else Answer(engine, found[0], "given", found[1])


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr, highlight=False, markup=False, emoji=False),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _shown(progress: Progress, engine: Engine, generated: Generated) -> Callable[[int, int], None]:
    task = progress.add_task(f"{engine.title}: loading", total=generated.blocks, rate="")
    started = progress.get_time()

    def loaded(blocks: int, rows: int) -> None:
        passed = max(1e-6, progress.get_time() - started)
        progress.update(task, completed=blocks, rate=f"{rows:,} rows, {rows / passed:,.0f}/s")

    return loaded


def _keep(answers: Answers, arguments: argparse.Namespace) -> None:
    content = answers_document(answers)
    content |= {
        "dataset": arguments.dataset,
        "scale": arguments.scale,
        "seed": arguments.seed,
        "business_date": arguments.date.isoformat(),
    }
    path = runs.store(arguments.runs, ["data", arguments.what, arguments.dataset], content)
    print(f"stored: {path}", file=sys.stderr)
    if arguments.json is not None:
        runs.write(arguments.json, content)


def _status(answers: Answers, *, engines_named: bool) -> int:
    """0 if every table holds what was sent, 1 if one does not, 2 if something is unknown."""
    errors: list[ServerError] = [missing.error for missing in answers.not_run]
    if not answers.found:
        return errors[0].exit_status
    # An engine that nobody named may be missing; one that did not start or go on may not.
    missing = any(engines_named or not isinstance(e, SourceUnavailable) for e in errors)
    verdicts = [answers.verdict, *([Verdict.UNKNOWN] if missing else [])]
    return EXIT[Verdict.worst(verdicts)]
