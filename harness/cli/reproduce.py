"""`harness reproduce SCENARIO`: what happens, and which fix holds."""

from __future__ import annotations

import argparse

from harness.cli.options import add_cell_options, add_search_options, add_server_options
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.search import Search, run_search
from harness.scenario import choose, scenarios

_DESCRIPTION = """\
Run a scenario's programs on real servers through every possible interleaving and say, for each
engine, isolation level and variant, whether it holds. 'current' is the arrangement as it is; the
other variants are fixes. The shortest execution that breaks it is drawn, with the command that runs
it again."""

_EPILOG = """\
examples:
  harness reproduce problem-2
  harness reproduce problem-2 --engine postgresql --isolation repeatable-read
  harness reproduce problem-2 --variant current --variant locking-read --json result.json

exit status: 0 as expected, 1 a verdict is news, 2 unknown, 64 wrong usage, 70 the harness failed"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "reproduce", "try a scenario on every engine", _DESCRIPTION, _EPILOG
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="for instance problem-2")
    add_cell_options(parser)
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="V",
        help="'current' or a fix by name; may be repeated (default: all)",
    )
    add_search_options(parser)
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explore the scenario's cells.

    Raises:
        UsageError: a name is unknown.
    """
    known = scenarios()
    choose("scenario", arguments.scenario, known)
    scenario = known[arguments.scenario]
    for name in arguments.variant:
        choose("variant", name, scenario.variants)
    names = list(dict.fromkeys(arguments.variant)) or list(scenario.variants)
    variants = [scenario.variants[name] for name in names]
    return run_search(Search(["reproduce", scenario.name], scenario, variants, arguments))
