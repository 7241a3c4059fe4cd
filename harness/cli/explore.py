"""`harness explore MODULE:PROGRAM …`: functions of your own through every possible interleaving."""

from __future__ import annotations

import argparse

from harness.checks.invariant import Invariant
from harness.cli.named import function
from harness.cli.options import add_cell_options, add_search_options, add_server_options
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.search import Search, run_search
from harness.errors import UsageError
from harness.programs import Program
from harness.scenario import scenario_of

_DESCRIPTION = """\
Explore functions of your own. Each takes a SQLAlchemy Connection and decides its own transaction
boundaries; nothing in it knows the harness. The setup function makes the tables and their rows. An
execution is broken if its final tables and the functions' results match no serial order of them, or
if an invariant says so: a function over a Connection that returns None, or a sentence about what is
wrong."""

_EPILOG = """\
examples:
  harness explore shop:buy shop:buy --setup shop:setup
  harness explore bank:pay bank:collect --setup bank:setup --invariant bank:nobody_owes \\
                  --engine mysql --isolation repeatable-read

exit status: 0 holds, 1 violated, 2 unknown, 64 wrong usage, 70 the harness failed"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "explore", "try two or more functions of your own", _DESCRIPTION, _EPILOG
    )
    parser.add_argument("program", nargs="+", metavar="MODULE:PROGRAM", help="T1, T2, … in order")
    parser.add_argument(
        "--setup", required=True, metavar="MODULE:SETUP", help="makes the tables and their rows"
    )
    parser.add_argument(
        "--invariant",
        action="append",
        default=[],
        metavar="MODULE:RULE",
        help="returns None, or what is wrong; may be repeated",
    )
    parser.add_argument(
        "--only-invariants",
        action="store_true",
        help="do not ask for serial order: the invariants alone decide",
    )
    add_cell_options(parser)
    add_search_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explore the functions.

    Raises:
        UsageError: a function cannot be used.
    """
    if len(arguments.program) < 2:
        raise UsageError(
            "explore: one program alone has one order", "name two or more, or the same one twice"
        )
    if arguments.only_invariants and not arguments.invariant:
        raise UsageError(
            "--only-invariants: there is no --invariant, so nothing would decide",
            "name a rule: --invariant MODULE:RULE",
        )
    programs = {
        f"T{number}": Program(text.partition(":")[2], function(text, "program"))
        for number, text in enumerate(arguments.program, start=1)
    }
    scenario = scenario_of(
        programs,
        function(arguments.setup, "setup"),
        [Invariant.of(function(text, "invariant")) for text in arguments.invariant],
        serial_equivalence=not arguments.only_invariants,
    )
    return run_search(
        Search(_command(arguments), scenario, [scenario.variants["current"]], arguments)
    )


def _command(arguments: argparse.Namespace) -> list[str]:
    words = ["explore", *arguments.program, "--setup", arguments.setup]
    for text in arguments.invariant:
        words += ["--invariant", text]
    return words + (["--only-invariants"] if arguments.only_invariants else [])
