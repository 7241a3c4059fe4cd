"""`harness drill list`: which loads there are, and which negative controls."""

from __future__ import annotations

import argparse

from harness.cli.options import add_engine_option, chosen_engines
from harness.cli.parser import Parser, Subparsers, add_command
from harness.faults.moment import KINDS
from harness.recovery.load import loads

_DESCRIPTION = """\
List what can run while a server is killed, the moments of a kill, and each engine's negative
controls. Starts nothing."""

_EPILOG = """\
examples:
  harness drill list
  harness drill list --engine E

exit status: 0 listed, 64 wrong usage"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the list."""
    parser = add_command(subparsers, "list", "what there is to drill", _DESCRIPTION, _EPILOG)
    add_engine_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the list; 0.

    Raises:
        UsageError: an engine's name is unknown.
    """
    print("loads (--load), which run while the server is killed")
    for load in loads().values():
        print(f"  {load.name:22}{load.title}")
    print("\nmoments (--at)")
    for name, kinds in KINDS.items():
        print(f"  {name:22}{', '.join(kind.value for kind in kinds)}")
    print("\nnegative controls (--control), which must lose acknowledged commits")
    for engine in chosen_engines(arguments.engine):
        print(f"  {engine.title:22}{', '.join(engine.crash.controls)}")
    return 0
