"""What all drills on the command line share: no given server, one engine after the other, the end.

A drill is a body for one engine, which adds a cell to `Drilled.cells` as soon as it has one, and a
`Telling`: how its cells are printed and kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from rich.progress import Progress
from rich.text import Text

from harness.checks.verdict import Verdict
from harness.cli.missing import Missing
from harness.cli.options import (
    add_engine_option,
    add_result_options,
    add_server_options,
    chosen_engines,
    server_options,
    writable,
)
from harness.cli.parser import Parser, Subparsers, add_command
from harness.cli.results import console, keep, progress_line
from harness.engines import Engine
from harness.errors import UsageError
from harness.recovery.report import CAVEAT
from harness.servers.options import ServerOptions


class Judged(Protocol):
    """A cell with a verdict, and the one that it should have."""

    @property
    def verdict(self) -> Verdict:
        """What was found."""

    @property
    def expected(self) -> Verdict:
        """What was to be found."""


Cell = TypeVar("Cell", bound=Judged)


def _nothing(_cell: Any) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Telling(Generic[Cell]):
    """How the cells of a drill are told."""

    text: Callable[[Cell], Text | str]
    """Everything that one cell showed."""
    last_line: Callable[[Cell], str]
    """Its verdict, with what that covers."""
    document: Callable[[Sequence[Cell]], dict[str, Any]]
    again: Callable[[Cell], Sequence[str]] = _nothing
    """How what broke is seen again, if something did."""
    caveat: str = CAVEAT


@dataclass
class Drilled(Generic[Cell]):
    """Which engines are drilled, and what that has shown so far."""

    arguments: argparse.Namespace
    engines: Sequence[Engine]
    options: ServerOptions
    missing: Missing
    cells: list[Cell] = field(default_factory=list)

    def on_each_engine(self, drill: Callable[[Engine], None]) -> None:
        """Drill one engine after the other; those of which no server can be had are noted."""
        for engine in self.engines:
            with self.missing.noted(engine):
                drill(engine)

    def conclude(self, command: Sequence[str], telling: Telling[Cell]) -> int:
        """Print and keep what came of it; the exit status."""
        if self.cells:
            self._print(telling)
        else:
            self.missing.print_alone()
        content = {**telling.document(self.cells), "missing": self.missing.explained()}
        keep(self.arguments, command, content)
        return self.missing.status(map(as_expected, self.cells))

    def _print(self, telling: Telling[Cell]) -> None:
        out = console()
        for cell in self.cells:
            out.print(telling.text(cell))
            out.print()
        self.missing.print_beside(out, behind="\n")
        if telling.caveat:
            out.print(f"{telling.caveat}\n")
        for cell in self.cells:
            out.print(telling.last_line(cell))
        for cell in self.cells:
            for line in telling.again(cell):
                out.print(line)


def add_drill(
    drills: Subparsers[Parser],
    name: str,
    summary: str,
    texts: tuple[str, str],
    run: Callable[[argparse.Namespace], int],
) -> Parser:
    """Add a drill with the options that all have; `texts` are its description and its epilog."""
    parser = add_command(drills, name, summary, *texts)
    add_engine_option(parser)
    add_result_options(parser)
    add_server_options(parser, given=None)
    parser.set_defaults(run=run)
    return parser


def begin_drill(arguments: argparse.Namespace) -> Drilled[Any]:
    """What was asked for, before anything is started.

    Raises:
        UsageError: a name is unknown, a file cannot be written, or a server was given.
    """
    engines = chosen_engines(arguments.engine)
    writable(arguments.json, arguments.runs)
    options = server_options(arguments)
    see_no_given_server(options)
    return Drilled(arguments, engines, options, Missing(engines_named=bool(arguments.engine)))


def see_no_given_server(options: ServerOptions) -> None:
    """See that no server was given: it is somebody's, and would be killed.

    Raises:
        UsageError: one was.
    """
    if options.urls or options.source == "given":
        raise UsageError(
            "drill: a given server is never killed",
            "leave out --server (and unset HARNESS_SERVER): a drill starts servers of its own",
        )


def as_expected(cell: Judged) -> Verdict:
    """Holds if the verdict is the expected one; a loss that was expected is no bad news."""
    if cell.verdict is cell.expected:
        return Verdict.HOLDS
    return Verdict.UNKNOWN if cell.verdict is Verdict.UNKNOWN else Verdict.VIOLATED


def drill_progress() -> Progress:
    """A line that tells which kill is being made, of how many."""
    return progress_line("{task.completed}/{task.total}")
