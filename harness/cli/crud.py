"""`harness crud`: what programs do to which tables, beside what they are meant to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from sqlalchemy.exc import DBAPIError

from harness.checks.verdict import Verdict
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
from harness.crud.comparison import compare
from harness.crud.observed import observe
from harness.crud.subject import Subject, subjects
from harness.crud.table import LEGEND, Conformance, crud_document, letter_table, same_rows
from harness.engines import Engine, Profile
from harness.errors import ServerError, SourceUnavailable
from harness.report import runs
from harness.scenario import choose
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.sessions.session import first_line

_DESCRIPTION = """\
Run every program of a system on real servers, capture what it does at its connection, and compare
that with what it is meant to do: which tables it adds to (C), reads (R), updates (U), deletes
from (D)."""

_EPILOG = """\
examples:
  harness crud
  harness crud vehicle-maintenance --json crud.json

exit status: 0 as expected, 1 a program does what it should not, or not what it should,
             2 something is unknown, 64 wrong usage, 70 the harness failed"""

_DEFAULT = "vehicle-maintenance"


@dataclass
class _Answers:
    """What has been found so far."""

    subject: Subject
    found: list[Conformance] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "crud", "what programs do to which tables", _DESCRIPTION, _EPILOG
    )
    parser.add_argument(
        "subject", nargs="?", default=_DEFAULT, metavar="SYSTEM", help=f"default: {_DEFAULT}"
    )
    add_engine_option(parser)
    add_result_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the programs on each engine and print the tables.

    Raises:
        UsageError: a name is unknown, or a file cannot be written.
    """
    known = subjects()
    choose("system", arguments.subject, known)
    engines = chosen_engines(arguments.engine)
    writable(arguments.json, arguments.runs)
    answers = _Answers(known[arguments.subject])
    for engine in engines:
        try:
            answers.found.append(_observe_engine(answers.subject, engine, arguments))
        except ServerError as error:
            answers.not_run.append(NotRun(engine, error))
        except (DBAPIError, engine.driver_error) as error:
            gone = ServerError(f"{engine.name}: the server refused or is gone: {first_line(error)}")
            answers.not_run.append(NotRun(engine, gone))
    _print(answers)
    _keep(answers, arguments)
    return _status(answers, engines_named=bool(arguments.engine))


def _observe_engine(subject: Subject, engine: Engine, arguments: argparse.Namespace) -> Conformance:
    options = server_options(arguments)
    offer = choose_server(engine, options)
    with (
        start(offer, Profile.EXPLORING, options=options) as server,
        fresh_database(server) as url,
    ):
        rows = compare(subject, observe(subject, engine, url))
        found = Conformance(engine, server.version, rows)
    print(f"{found.title}: {found.verdict.value}", file=sys.stderr)
    return found


def _print(answers: _Answers) -> None:
    out = Console(
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        width=None if sys.stdout.isatty() else 160,
    )
    if answers.found:
        out.print(f"{answers.subject.title}: {answers.subject.source}\n")
    for group in same_rows(answers.found):
        out.print(", ".join(one.title for one in group))
        out.print(letter_table(answers.subject, group[0].rows, out.width))
        for line in (line for row in group[0].rows for line in row.differences):
            out.print(f"  {line}")
        out.print()
    if answers.found:
        out.print(f"{LEGEND}\n")
        out.print(_last_line(answers.found))
    for missing in answers.not_run:
        out.print(f"not run: {missing.explain()}")


def _last_line(found: Sequence[Conformance]) -> str:
    rows = [row for one in found for row in one.rows]
    worst = Verdict.worst(one.verdict for one in found)
    count = sum(row.verdict is worst for row in rows)
    engines = f"{len(found)} {'engine' if len(found) == 1 else 'engines'}"
    return f"{worst.value}: {count} of {len(rows)} programs on {engines}"


def _keep(answers: _Answers, arguments: argparse.Namespace) -> None:
    content = crud_document(answers.subject, answers.found)
    content["missing"] = [missing.explain() for missing in answers.not_run]
    path = runs.store(arguments.runs, ["crud", answers.subject.name], content)
    print(f"stored: {path}", file=sys.stderr)
    if arguments.json is not None:
        runs.write(arguments.json, content)


def _status(answers: _Answers, *, engines_named: bool) -> int:
    """0 if all is as expected, 1 if something is not, 2 if something is unknown."""
    errors = [missing.error for missing in answers.not_run]
    if not answers.found:
        return errors[0].exit_status
    worst = Verdict.worst(one.verdict for one in answers.found)
    # An engine that nobody named may be missing; one that did not start or go on may not.
    missing = any(engines_named or not isinstance(e, SourceUnavailable) for e in errors)
    return EXIT[Verdict.worst([worst, Verdict.UNKNOWN]) if missing else worst]
