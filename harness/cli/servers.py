"""`harness servers`: what this machine offers, what is missing, and cleaning up."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness import __version__
from harness.cli.options import add_server_options, server_options
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import ON_STDOUT, OwnConsole
from harness.engines import ENGINES
from harness.errors import UsageError
from harness.report import runs
from harness.servers.cleaning import Cleaned, clean, clean_cache
from harness.servers.ladder import offers
from harness.servers.offer import Missing, Offer

_DESCRIPTION = """\
Show where servers can come from on this machine. Each source is really tried: programs are run, the
Docker engine is asked, a given server's version is read. Nothing is started. For each engine the
first source that offers one is used, in the order shown.

`harness servers clean` removes what runs that have ended left behind, if anything: processes,
containers, volumes, folders. Something is left only if the harness and its reaper were both killed,
or the machine stopped."""

_EPILOG = """\
examples:
  harness servers
  harness servers --source docker          only what Docker offers
  harness servers --local-servers DIR      with the packages unpacked in DIR
  harness servers --json                   the same facts for programs
  harness servers clean                    remove what ended runs left
  harness servers clean --all              also what runs under way are using

exit status: 0 an engine is offered, or all is clean; 2 none is, or something cannot be removed"""

_WORDS = ("list", "clean")
_NONE = 2
_WIDTH_IN_A_PIPE = 200


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "servers", "show where servers can come from", _DESCRIPTION, _EPILOG
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=_WORDS,
        default="list",
        help="list: what is offered (default); clean: remove what ended runs left",
    )
    parser.add_argument(
        "--json",
        nargs="?",
        type=Path,
        const=ON_STDOUT,
        metavar="FILE",
        help="write the same facts as JSON; without FILE on stdout",
    )
    parser.add_argument(
        "--all", action="store_true", help="clean: also what belongs to runs under way"
    )
    parser.add_argument(
        "--cache", action="store_true", help="clean: also the prepared data directories"
    )
    add_server_options(parser, given="show this server as well (also HARNESS_SERVER)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List or clean; the exit status.

    Raises:
        UsageError: an option cannot be understood.
    """
    if arguments.json is not None and arguments.json.name in _WORDS:
        raise UsageError(
            f"--json '{arguments.json}': a word of the command stands where a file's name would",
            f"say it first: harness servers {arguments.json} --json",
        )
    if arguments.what == "clean":
        return _clean(arguments)
    answers = list(offers(ENGINES.values(), server_options(arguments)))
    if arguments.json is not None:
        runs.write(arguments.json, document(answers))
    else:
        _show(answers)
    return 0 if any(isinstance(answer, Offer) for answer in answers) else _NONE


def document(answers: Sequence[Offer | Missing]) -> dict[str, object]:
    """What the sources said, as the JSON document."""
    return {
        "harness": __version__,
        "servers": [
            {
                "engine": answer.engine.name,
                "source": answer.source,
                "offered": isinstance(answer, Offer),
                "description": answer.description if isinstance(answer, Offer) else answer.reason,
                "version": answer.version if isinstance(answer, Offer) else "",
                "hint": answer.hint if isinstance(answer, Missing) else "",
            }
            for answer in answers
        ],
    }


def _show(answers: Sequence[Offer | Missing]) -> None:
    table = _table("engine", "source", "version", "")
    for answer in answers:
        if isinstance(answer, Offer):
            version = answer.version or "unknown"
            table.add_row(answer.engine.name, answer.source, version, answer.description)
        else:
            table.add_row(answer.engine.name, answer.source, "—", f"missing: {answer.reason}")
            if answer.hint:
                table.add_row("", "", "", f"  hint: {answer.hint}")
    _console().print(table)
    print()
    for engine in ENGINES.values():
        usable = [one for one in answers if one.engine is engine and isinstance(one, Offer)]
        print(
            f"{engine.name} is taken from {usable[0].description}"
            if usable
            else f"{engine.name} cannot be had"
        )


def _clean(arguments: argparse.Namespace) -> int:
    done = list(clean(everything=arguments.all))
    if arguments.cache:
        done.extend(clean_cache())
    if arguments.json is not None:
        rows = [
            {"name": one.name, "what": one.what, "outcome": one.outcome, "reason": one.reason}
            for one in done
        ]
        runs.write(arguments.json, {"harness": __version__, "cleaned": rows})
    else:
        _show_cleaned(done)
    return _NONE if any(one.outcome == "failed" for one in done) else 0


def _show_cleaned(done: Sequence[Cleaned]) -> None:
    if not done:
        print("nothing was left")
        return
    table = _table("outcome", "name", "what", "")
    for one in done:
        table.add_row(one.outcome, one.name, one.what, one.reason)
    _console().print(table)


def _table(*headers: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def _console() -> Console:
    """On a terminal as wide as that is; in a pipe wide enough to keep a fact on its line."""
    console = OwnConsole(highlight=False, markup=False)
    return (
        console
        if console.is_terminal
        else OwnConsole(highlight=False, markup=False, width=_WIDTH_IN_A_PIPE)
    )
