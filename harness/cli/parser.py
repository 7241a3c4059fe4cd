"""The argument parser: argparse, with our exit status for wrong usage and room for examples.

Texts call the harness by the name it has in them, `harness`; they are printed with the one by which
it was called, so that an example can be copied to where the reader stands.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from harness.cli.results import own_name, say_beside
from harness.errors import HarnessError

WRONG_USAGE = 64

COMMANDS = (
    "reproduce",
    "explore",
    "replay",
    "measure",
    "anomalies",
    "crud",
    "data",
    "operations",
    "drill",
    "plan",
    "servers",
    "schema",
)
"""Each is a module beside this one, in the order of the help text."""

_COMMAND = re.compile(
    rf"(?<!\bthe\s)(?<![\w./-])harness (?=(?:{'|'.join(COMMANDS)})(?![\w/-]|\.\w))"
)
"""The name in a command; 'the harness failed' is none, nor is a user's 'my harness project'."""

Subparsers = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def as_called(text: str) -> str:
    """A text whose commands begin with the name by which the harness was called.

    >>> as_called("the harness failed; see `harness servers`")
    'the harness failed; see `harness servers`'
    """
    return _COMMAND.sub(lambda _found: f"{own_name()} ", text)


def explained(error: HarnessError, said: Sequence[str] = ()) -> str:
    """What an error explains, with the hints that were not `said` before, as they are called.

    The message has the user's own words in it, which stay as they are.

    >>> print(explained(HarnessError("port 1: taken", "by whom?", "or not?"), ["or not?"]))
    port 1: taken
      hint: by whom?
    """
    hints = [f"  hint: {as_called(hint)}" for hint in error.hints if hint not in said]
    return "\n".join([error.message, *hints])


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with a hint, and exits with 64 (argparse's own is 2)."""

    def error(self, message: str, near: str = "") -> NoReturn:
        """Say it, and what was probably meant, and leave with the status for wrong usage."""
        say_beside(f"{self.prog}: {message}")
        if near:
            say_beside(f"  hint: did you mean '{near}'?")
        say_beside(f"  hint: {self.prog} --help")
        raise SystemExit(WRONG_USAGE)

    def format_help(self) -> str:
        """The help text, with the name by which the harness was called."""
        return as_called(super().format_help())

    def parse_known_args(  # type: ignore[override] # argparse's overloads are about namespaces
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse; what is not known is an error of the command that was asked, not of the whole."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = [name for action in self._actions for name in action.option_strings]
            self.error(f"unrecognized arguments: {' '.join(unknown)}", _near(unknown[0], options))
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            self.error(str(error), _near(str(value), map(str, action.choices or ())))


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Leaves descriptions as they are written, and has room for the longest command's name."""

    def add_argument(self, action: argparse.Action) -> None:
        """Add it; argparse forgets that commands are indented when it measures their names."""
        super().add_argument(action)
        if isinstance(action, Subparsers):
            self._action_max_length += self._indent_increment


def _near(word: str, known: Iterable[str]) -> str:
    """What was probably meant, if it can be guessed.

    >>> _near("--stup", ["--setup"]), _near("--iso", ["--json", "--isolation"]), _near("x", [])
    ('--setup', '--isolation', '')
    """
    name, names = word.partition("=")[0], list(known)
    begun = [longer for longer in names if len(name) > 2 and longer.startswith(name)]
    return next(iter(begun or difflib.get_close_matches(name, names, n=1)), "")


def new_parser(description: str, epilog: str = "") -> Parser:
    """A top parser whose texts are printed as they are written."""
    return Parser(
        prog=own_name(),
        description=description,
        epilog=epilog,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )


def add_command(
    subparsers: Subparsers[Parser], name: str, summary: str, description: str, epilog: str
) -> Parser:
    """A command with a help text that teaches: what it does, and examples."""
    return subparsers.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
