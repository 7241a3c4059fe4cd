"""`harness schema ddl`: tables as an engine's own statements."""

from __future__ import annotations

import argparse

from harness.cli.parser import Parser, Subparsers, add_command
from harness.engines import ENGINES
from harness.scenario import choose, schemas

_DESCRIPTION = """\
Print tables as CREATE statements of one engine, in the order in which they can be run. No server is
needed."""

_EPILOG = """\
examples:
  harness schema ddl --engine postgresql
  harness schema ddl billing --engine mysql

exit status: 0 printed, 64 wrong usage"""

_DEFAULT = "vehicle-maintenance"


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(subparsers, "schema", "print tables as DDL", _DESCRIPTION, _EPILOG)
    parser.add_argument("what", choices=["ddl"], help="ddl: CREATE statements")
    parser.add_argument(
        "schema",
        nargs="?",
        default=_DEFAULT,
        metavar="SCHEMA",
        help=f"an unknown name lists all (default: {_DEFAULT})",
    )
    parser.add_argument("--engine", required=True, metavar="E", help=", ".join(ENGINES))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the statements.

    Raises:
        UsageError: a name is unknown.
    """
    choose("engine", arguments.engine, ENGINES)
    known = schemas()
    choose("schema", arguments.schema, known)
    print(known[arguments.schema](arguments.engine))
    return 0
