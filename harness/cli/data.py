"""`harness data`: large data into real servers, and the proof that all of it arrived."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

from rich.progress import Progress

from harness.cli.generated import add_data_options
from harness.cli.missing import Missing
from harness.cli.options import (
    add_engine_option,
    add_result_options,
    add_server_options,
    asked_engines,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import console, keep, progress_line
from harness.engines import Engine, Profile
from harness.errors import UsageError
from harness.loading.dataset import Generated, datasets
from harness.loading.loader import Loaded, load, read_digests
from harness.loading.report import Answer, Answers, answers_document, print_answers
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
        "dataset",
        nargs="?",
        default=_DEFAULT,
        metavar="DATASET",
        help=f"an unknown name lists all (default: {_DEFAULT})",
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
    engines = asked_engines(arguments)
    writable(arguments.json, arguments.runs)
    options = server_options(arguments)
    _must_fit(arguments, options)
    try:
        generated = known[arguments.dataset](arguments.scale, arguments.seed, arguments.date)
    except ValueError as error:
        raise UsageError(str(error)) from None
    answers = Answers(_title(arguments))
    missing = Missing(engines_named=bool(arguments.engine))
    ask = _load if arguments.what == "load" else _digest
    for engine in engines:
        with missing.noted(engine):
            if answer := ask(engine, options, generated, arguments.keep):
                answers.found.append(answer)
    if answers.found:
        print_answers(answers, missing.told(), console())
    elif missing.not_run:
        missing.print_alone()
    else:
        raise UsageError("data digest: no given server is of these engines", "--server URL")
    _keep(answers, missing, arguments)
    return missing.status([answers.verdict] if answers.found else [])


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
        progress_line("{task.fields[rate]}") as progress,
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


def _shown(progress: Progress, engine: Engine, generated: Generated) -> Callable[[int, int], None]:
    task = progress.add_task(f"{engine.title}: loading", total=generated.blocks, rate="")
    started = progress.get_time()

    def loaded(blocks: int, rows: int) -> None:
        passed = max(1e-6, progress.get_time() - started)
        progress.update(task, completed=blocks, rate=f"{rows:,} rows, {rows / passed:,.0f}/s")

    return loaded


def _keep(answers: Answers, missing: Missing, arguments: argparse.Namespace) -> None:
    content = answers_document(answers)
    of_all = {"scenario": f"data {arguments.dataset}", "variant": arguments.what}
    content |= {
        "cells": [{**of_all, **found} for found in content["engines"]],
        "missing": missing.explained(),
        "dataset": arguments.dataset,
        "scale": arguments.scale,
        "seed": arguments.seed,
        "business_date": arguments.date.isoformat(),
    }
    keep(arguments, ["data", arguments.what, arguments.dataset], content)
