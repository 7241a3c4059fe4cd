"""`harness explore`: functions of your own, or a spec, through every possible interleaving."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from harness.checks.invariant import Invariant
from harness.cli.named import error_class, function
from harness.cli.options import (
    add_cell_options,
    add_search_options,
    add_server_options,
    asked_engines,
    chosen_isolations,
    server_options,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import own_name, say_beside
from harness.cli.search import Search, run_search
from harness.engines import Profile
from harness.errors import UsageError
from harness.programs import Program
from harness.scenario import scenario_of
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose, start
from harness.specs.conductor import SpecConductor
from harness.specs.exploring import scenario_of_spec
from harness.specs.parser import read_spec
from harness.specs.spec import Spec
from harness.specs.transcript import tell
from harness.taking import WAYS, program_of, said_of_each, see_takes_connection

_DESCRIPTION = """\
Explore functions of your own. Each takes a SQLAlchemy Connection, an ORM Session, an Engine or a
sessionmaker, as its annotation says, and decides its own transaction boundaries; nothing in it
knows the harness. The setup function takes a Connection and makes the tables and their rows. An
execution is broken if its final tables and the functions' results match no serial order of them, or
if an invariant says so: a function over a Connection that returns None, or a sentence about what is
wrong.

With --spec the programs are the sessions of a PostgreSQL isolation-test specification. If it lists
permutations, these are conducted and printed as the isolation tester prints them; if it lists none,
every possible interleaving is explored."""

_EPILOG = """\
examples:
  harness explore shop:buy shop:buy --setup shop:setup
  harness explore bank:pay bank:collect --setup bank:setup --invariant bank:nobody_owes \\
                  --engine mysql --isolation repeatable-read
  harness explore shop:order shop:restock --setup shop:setup --isolation-of T1=serializable \\
                  --expected-error shop:OutOfStock
  harness explore --spec deadlock.spec --engine postgresql | diff deadlock.out -

exit status: 0 holds, 1 violated, 2 unknown, 64 wrong usage, 70 the harness failed"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "explore", "try two or more functions of your own", _DESCRIPTION, _EPILOG
    )
    parser.add_argument(
        "program",
        nargs="*",
        metavar="MODULE:PROGRAM",
        help="two or more functions, T1, T2, … in this order; one may be named twice",
    )
    parser.add_argument(
        "--setup", metavar="MODULE:SETUP", help="makes the tables and their rows; needed"
    )
    parser.add_argument(
        "--invariant",
        action="append",
        default=[],
        metavar="MODULE:RULE",
        help="returns None, or a text that says what is wrong; may be repeated",
    )
    parser.add_argument(
        "--only-invariants",
        action="store_true",
        help="do not ask for serial order: the invariants alone decide",
    )
    _add_program_options(parser)
    parser.add_argument("--spec", type=Path, metavar="FILE", help="the sessions of a spec instead")
    parser.add_argument(
        "--as",
        dest="spec_as",
        choices=["transcript", "search"],
        help="with --spec: which of the two (default: by whether it lists permutations)",
    )
    add_cell_options(parser)
    add_search_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def _add_program_options(parser: Parser) -> None:
    parser.add_argument(
        "--takes",
        action="append",
        default=[],
        metavar="[Tn=]WAY",
        help=f"what programs are given: one of {', '.join(WAYS)} (default: as they are annotated)",
    )
    parser.add_argument(
        "--isolation-of",
        action="append",
        default=[],
        metavar="Tn=L",
        help="the level of one program beside the others': an isolation level, or autocommit",
    )
    parser.add_argument(
        "--expected-error",
        action="append",
        default=[],
        metavar="MODULE:ERROR",
        help="an exception that is a result ('out of stock'), not a failure; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    """Explore the functions, or the spec.

    Raises:
        UsageError: a function cannot be used, or the spec not be read.
    """
    if arguments.spec is not None:
        return _run_spec(arguments)
    if arguments.spec_as is not None:
        raise UsageError(
            "--as: says how a spec is taken, and there is none", "name it with --spec FILE"
        )
    if missing := [
        name
        for name, given in (("MODULE:PROGRAM", arguments.program), ("--setup", arguments.setup))
        if not given
    ]:
        raise UsageError(
            f"{own_name()} explore: the following arguments are required: {', '.join(missing)}",
            "harness explore --help",
        )
    if len(arguments.program) < 2:
        raise UsageError(
            "explore: one program alone has one order", "name two or more, or the same one twice"
        )
    if arguments.only_invariants and not arguments.invariant:
        raise UsageError(
            "--only-invariants: there is no --invariant, so nothing would decide",
            "name a rule: --invariant MODULE:RULE",
        )
    scenario = scenario_of(
        _programs(arguments),
        _over_a_connection(arguments.setup, "setup"),
        [Invariant.of(_over_a_connection(text, "invariant")) for text in arguments.invariant],
        serial_equivalence=not arguments.only_invariants,
    )
    return run_search(
        Search(_command(arguments), scenario, [scenario.variants["current"]], arguments)
    )


def _programs(arguments: argparse.Namespace) -> dict[str, Program]:
    names = [f"T{number}" for number in range(1, len(arguments.program) + 1)]
    takes = said_of_each("--takes", arguments.takes, names, for_all=True)
    levels = said_of_each("--isolation-of", arguments.isolation_of, names)
    errors = tuple(error_class(text) for text in arguments.expected_error)
    return {
        name: program_of(
            function(text, "program"),
            text.partition(":")[2],
            takes=takes.get(name),
            isolation=levels.get(name),
            expected_errors=errors,
            named=f"program '{text}'",
        )
        for name, text in zip(names, arguments.program, strict=True)
    }


def _over_a_connection(text: str, what: str) -> Callable[[Connection], Any]:
    found = function(text, what)
    see_takes_connection(found, f"{what} '{text}'")
    return found


def _command(arguments: argparse.Namespace) -> list[str]:
    words = ["explore", *arguments.program, "--setup", arguments.setup]
    for option, texts in (
        ("--invariant", arguments.invariant),
        ("--takes", arguments.takes),
        ("--isolation-of", arguments.isolation_of),
        ("--expected-error", arguments.expected_error),
    ):
        for text in texts:
            words += [option, text]
    return words + (["--only-invariants"] if arguments.only_invariants else [])


def _run_spec(arguments: argparse.Namespace) -> int:
    if arguments.program or arguments.setup or arguments.invariant or arguments.only_invariants:
        raise UsageError(
            "--spec: a spec brings its own programs and setup, and has no invariants",
            "leave out MODULE:PROGRAM, --setup, --invariant and --only-invariants",
        )
    if arguments.takes or arguments.isolation_of or arguments.expected_error:
        raise UsageError(
            "--spec: the sessions of a spec are statements, not functions",
            "leave out --takes, --isolation-of and --expected-error",
        )
    spec = read_spec(arguments.spec)
    for name in spec.unused_steps():
        say_beside(f"{arguments.spec}: no permutation takes step '{name}'")
    wanted = arguments.spec_as or ("transcript" if spec.permutations else "search")
    if wanted == "transcript":
        return _print_transcript(arguments, spec)
    arguments.reduction = False  # of the steps of a spec it is not known which commute
    words = ["explore", "--spec", str(arguments.spec)]
    scenario = scenario_of_spec(spec, arguments.spec.stem)
    return run_search(
        Search(
            [*words, "--as", "search"] if spec.permutations else words,
            scenario,
            [scenario.variants["current"]],
            arguments,
        )
    )


def _print_transcript(arguments: argparse.Namespace, spec: Spec) -> int:
    engines = asked_engines(arguments)
    levels = chosen_isolations(arguments.isolation, ())
    if len(engines) != 1 or len(levels) > 1:
        raise UsageError(
            "--spec: a transcript is of one engine, and of one isolation level if one is named",
            "name the engine with --engine, or explore all with --as search",
        )
    if (arguments.json, arguments.schedule, arguments.script) != (None, None, None):
        raise UsageError(
            "--spec: a transcript has no JSON, and its schedules are the spec's permutations",
            "leave out --json, --schedule and --script, or say --as search",
        )
    options = server_options(arguments)
    offer = choose(engines[0], options)
    with start(offer, Profile.EXPLORING, options=options) as server, fresh_database(server) as url:
        say_beside(f"{engines[0].title} {server.version}, {offer.description}")
        with SpecConductor(
            engines[0],
            url,
            spec,
            isolation=levels[0] if levels else None,
            step_s=arguments.step_deadline,
        ) as conductor:
            tell(spec, conductor, lambda text: print(text, end="", flush=True))
    for complaint in conductor.complaints:
        say_beside(complaint)
    return 0
