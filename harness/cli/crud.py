"""`harness crud`: what programs do to which tables, beside what they are meant to do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.checks.verdict import Verdict
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
from harness.cli.results import console, keep, say_beside
from harness.crud.comparison import compare
from harness.crud.observed import observe
from harness.crud.subject import Subject, subjects
from harness.crud.table import LEGEND, Conformance, crud_document, letter_table, same_rows
from harness.engines import Engine, Profile
from harness.scenario import choose
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start

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
    missing: Missing
    found: list[Conformance] = field(default_factory=list)


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "crud", "what programs do to which tables", _DESCRIPTION, _EPILOG
    )
    parser.add_argument(
        "subject",
        nargs="?",
        default=_DEFAULT,
        metavar="SYSTEM",
        help=f"an unknown name lists all (default: {_DEFAULT})",
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
    engines = asked_engines(arguments)
    writable(arguments.json, arguments.runs)
    answers = _Answers(known[arguments.subject], Missing(engines_named=bool(arguments.engine)))
    for engine in engines:
        with answers.missing.noted(engine):
            answers.found.append(_observe_engine(answers.subject, engine, arguments))
    _print(answers)
    content = crud_document(answers.subject, answers.found)
    of_all = {"scenario": f"crud {answers.subject.name}", "variant": "current"}
    content["cells"] = [{**of_all, **found} for found in content["engines"]]
    content["missing"] = answers.missing.explained()
    keep(arguments, ["crud", answers.subject.name], content)
    return answers.missing.status(found.verdict for found in answers.found)


def _observe_engine(subject: Subject, engine: Engine, arguments: argparse.Namespace) -> Conformance:
    options = server_options(arguments)
    offer = choose_server(engine, options)
    with (
        start(offer, Profile.EXPLORING, options=options) as server,
        fresh_database(server) as url,
    ):
        rows = compare(subject, observe(subject, engine, url))
        found = Conformance(engine, server.version, rows)
    say_beside(f"{found.title}: {found.verdict.value}")
    return found


def _print(answers: _Answers) -> None:
    if not answers.found:
        answers.missing.print_alone()
        return
    out = console()
    out.print(f"{answers.subject.title}: {answers.subject.source}\n")
    for group in same_rows(answers.found):
        out.print(", ".join(one.title for one in group))
        out.print(letter_table(answers.subject, group[0].rows, out.width))
        for line in (line for row in group[0].rows for line in row.differences):
            out.print(f"  {line}")
        out.print()
    out.print(f"{LEGEND}\n")
    out.print(_last_line(answers.found))
    answers.missing.print_beside(out)


def _last_line(found: Sequence[Conformance]) -> str:
    rows = [row for one in found for row in one.rows]
    worst = Verdict.worst(one.verdict for one in found)
    count = sum(row.verdict is worst for row in rows)
    engines = f"{len(found)} {'engine' if len(found) == 1 else 'engines'}"
    return f"{worst.value}: {count} of {len(rows)} programs on {engines}"
