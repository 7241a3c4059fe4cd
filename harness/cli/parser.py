"""The argument parser: argparse, with our exit status for wrong usage and room for examples."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

WRONG_USAGE = 64


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with a hint, and exits with 64 (argparse's own is 2)."""

    def error(self, message: str) -> NoReturn:
        """Say it, and leave with the status for wrong usage."""
        print(f"{self.prog}: {message}", file=sys.stderr)
        print(f"  hint: {self.prog} --help", file=sys.stderr)
        raise SystemExit(WRONG_USAGE)


def new_parser(prog: str, description: str, epilog: str = "") -> Parser:
    """A top parser whose texts are printed as they are written."""
    return Parser(
        prog=prog,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


Subparsers = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def add_command(
    subparsers: Subparsers[Parser], name: str, summary: str, description: str, epilog: str
) -> Parser:
    """A command with a help text that teaches: what it does, and examples."""
    return subparsers.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
