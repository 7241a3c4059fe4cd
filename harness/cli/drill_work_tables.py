"""`harness drill work-tables`: what a table without log does on a rollback, a restart, a kill."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from harness import __version__
from harness.checks.verdict import Verdict
from harness.cli.drilling import see_no_given_server
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
from harness.clock import now_s
from harness.engines import Engine, Profile
from harness.errors import ServerError, SourceUnavailable
from harness.recovery.report import CAVEAT, aligned
from harness.recovery.timing import KillableServer
from harness.recovery.work_tables import LOGGED, WITHOUT_LOG, Observed, WorkTableDrill, verdicts
from harness.report import runs
from harness.servers import asking
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.options import ServerOptions

_DESCRIPTION = """\
The exam's work tables are in a no-log mode, which no engine here has. Show what each engine's
nearest means does on a rollback, an orderly restart and a kill, to other sessions and to
checkpoints, beside an ordinary table to which the same is done. The ordinary table must obey; of
the other it is shown what it does, with what the exam says beside it."""

_EPILOG = """\
examples:
  harness drill work-tables
  harness drill work-tables --json work-tables.json

exit status: 0 all was observed and the ordinary tables obeyed, 1 one did not, 2 something could not
             be observed, 64 wrong usage, 70 the harness failed"""


@dataclass
class _Answer:
    """What was observed on one engine."""

    engine: Engine
    source: str
    version: str = ""
    observed: list[Observed] = field(default_factory=list)
    elapsed_s: float = 0.0


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the drill."""
    parser = add_command(
        subparsers, "work-tables", "what tables without log do", _DESCRIPTION, _EPILOG
    )
    add_engine_option(parser)
    add_result_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Observe on each engine and print the tables; the exit status.

    Raises:
        UsageError: a name is unknown, a file cannot be written, or a server was given.
    """
    engines = chosen_engines(arguments.engine)
    writable(arguments.json, arguments.runs)
    options = server_options(arguments)
    see_no_given_server(options)
    answers: list[_Answer] = []
    not_run: list[NotRun] = []
    for engine in engines:
        try:
            answers.append(_observe(engine, options))
        except ServerError as error:
            not_run.append(NotRun(engine, error))
        except engine.driver_error as error:
            refused = ServerError(f"{engine.name}: the server refused: {asking.words(error)}")
            not_run.append(NotRun(engine, refused))
    _print(answers, not_run)
    _keep(answers, not_run, arguments)
    return _status(answers, not_run, engines_named=bool(arguments.engine))


def _observe(engine: Engine, options: ServerOptions) -> _Answer:
    offer = choose_server(engine, options)
    answer = _Answer(engine, offer.description)
    begun_s = now_s()
    with (
        start(
            offer, Profile.DURABLE, settings=dict(engine.crash.settings), options=options
        ) as server,
        fresh_database(server) as url,
    ):
        assert isinstance(server, KillableServer), "only given servers are not ours to kill"
        answer.version = server.version
        for one in WorkTableDrill(server, url).observe():
            answer.observed.append(one)
            print(f"{engine.title}: {one.what}", file=sys.stderr)
    answer.elapsed_s = now_s() - begun_s
    return answer


def _print(answers: Sequence[_Answer], not_run: Sequence[NotRun]) -> None:
    if not answers:
        for missing in not_run:
            print(missing.explain(), file=sys.stderr)
        return
    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for answer in answers:
        for line in _table(answer):
            out.print(line)
        out.print()
    for missing in not_run:
        out.print(f"not run: {missing.explain()}\n")
    out.print(f"{CAVEAT}\n")
    for answer in answers:
        told = verdicts(answer.observed)
        out.print(
            f"{told[LOGGED].value}: {answer.engine.title} {answer.version}: the ordinary table; "
            f"{len(answer.observed)} observations of the one without log, "
            f"{sum(not one.without_log.known for one in answer.observed)} could not be made"
        )


def _table(answer: _Answer) -> list[str]:
    crash = answer.engine.crash
    heading = (f"{answer.engine.title} {answer.version}", "exam's no-log mode")
    rows = [(*heading, crash.without_log.means, "ordinary table")]
    rows += [
        (one.what, one.exam or "-", one.without_log.said, one.logged.said)
        for one in answer.observed
    ]
    return aligned(rows, left=4)


def _keep(
    answers: Sequence[_Answer], not_run: Sequence[NotRun], arguments: argparse.Namespace
) -> None:
    content = {
        "harness": __version__,
        "caveat": CAVEAT,
        "cells": [cell for answer in answers for cell in _cells(answer)],
        "missing": [missing.explain() for missing in not_run],
    }
    path = runs.store(arguments.runs, ["drill", "work-tables"], content)
    print(f"stored: {path}", file=sys.stderr)
    if arguments.json is not None:
        runs.write(arguments.json, content)


def _cells(answer: _Answer) -> list[dict[str, Any]]:
    crash, told = answer.engine.crash, verdicts(answer.observed)
    found = []
    for table, variant, means in (
        (LOGGED, "logged", "ordinary table"),
        (WITHOUT_LOG, "without log", crash.without_log.means),
    ):
        seen = {o.what: o.logged if table == LOGGED else o.without_log for o in answer.observed}
        found.append(
            {
                "scenario": "drill work-tables",
                "variant": variant,
                "means": means,
                "engine": answer.engine.name,
                "version": answer.version,
                "source": answer.source,
                "isolation": None,
                "verdict": told[table].value,
                "executions": len(answer.observed),
                "complete": all(one.known for one in seen.values()),
                "outcomes": None,
                "anomalies": None,
                "deadlocks": None,
                "executions_with_waits": None,
                "aborts": {},
                "observed": {what: one.said for what, one in seen.items()},
                "exam": {one.what: one.exam or None for one in answer.observed},
                "finding": None,
                "elapsed_s": round(answer.elapsed_s, 3),
            }
        )
    return found


def _status(answers: Sequence[_Answer], not_run: Sequence[NotRun], *, engines_named: bool) -> int:
    """0 if all was observed and the ordinary tables obeyed, 1 if one did not, 2 if unknown."""
    errors = [missing.error for missing in not_run]
    if not answers:
        return errors[0].exit_status
    # An engine that nobody named may be missing; one that did not start or go on may not.
    missing = any(engines_named or not isinstance(e, SourceUnavailable) for e in errors)
    told = [verdict for answer in answers for verdict in verdicts(answer.observed).values()]
    return EXIT[Verdict.worst([*told, *([Verdict.UNKNOWN] if missing else [])])]
