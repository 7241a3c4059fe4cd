"""The command line: verbs of the trade, results on stdout, progress on stderr."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from harness import __version__
from harness.cli.parser import COMMANDS, Parser, Subparsers, explained, new_parser
from harness.cli.results import document_alone, forget_readers, open_what_is_closed, say_beside
from harness.errors import HarnessError

_DESCRIPTION = """\
Run real MySQL, MariaDB and PostgreSQL servers, drive programs through every possible interleaving
on them, and say what holds. Servers listen on 127.0.0.1 only and are gone afterwards."""

_EPILOG = """\
start here:
  harness servers                  what this machine offers, and what is missing
  harness reproduce problem-2      what happens, and which fix holds
  harness explore shop:buy shop:buy --setup shop:setup
                                   two functions of your own

exit status: 0 holds (or as expected), 1 violated, 2 unknown, 64 wrong usage,
             70 the harness failed"""

INTERRUPTED = 130
PIPE_CLOSED = 141
"""As of a program that SIGPIPE ended: who read the results left before they were known."""
HARNESS_FAILED = 70


class _Command(Protocol):
    """What the module of a command has."""

    def add_parser(self, subparsers: Subparsers[Parser], /) -> None:
        """Add the command."""


def build_parser(words: Sequence[str] = ()) -> Parser:
    """The whole command line; no more than the command that the first of `words` asks for.

    To import what all commands need takes longer than to import it for one and to run that.
    """
    parser = new_parser(_DESCRIPTION, _EPILOG)
    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    asked = [name for name in COMMANDS if name in words[:1]]
    for name in asked or COMMANDS:
        cast("_Command", import_module(f"harness.cli.{name}")).add_parser(subparsers)
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. Failures of the outside world show no traceback."""
    status: int = PIPE_CLOSED
    open_what_is_closed()
    try:
        words = sys.argv[1:] if words is None else words
        arguments = build_parser(words).parse_args(words)
        with document_alone(arguments):
            status = arguments.run(arguments)
        sys.stdout.flush()  # what was printed may still be on its way into a pipe
    except HarnessError as error:
        say_beside(explained(error))
        return error.exit_status
    except KeyboardInterrupt:
        say_beside("interrupted: everything that was started has been ended")
        return INTERRUPTED
    except BrokenPipeError:
        return status
    except Exception:  # noqa: BLE001 - a bug of ours: the traceback is for us, the status for who called
        say_beside(traceback.format_exc().rstrip("\n"))
        return HARNESS_FAILED
    finally:
        forget_readers()
    return status
