"""What all drills on the command line share: no given server, a progress line, an exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from harness.checks.verdict import Verdict
from harness.cli.search import EXIT, NotRun
from harness.errors import SourceUnavailable, UsageError
from harness.servers.options import ServerOptions


class Judged(Protocol):
    """A cell with a verdict, and the one that it should have."""

    @property
    def verdict(self) -> Verdict:
        """What was found."""

    @property
    def expected(self) -> Verdict:
        """What was to be found."""


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


def drill_progress() -> Progress:
    """A line that tells what is being done; silent in a pipe."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr, highlight=False, markup=False, emoji=False),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def chosen_status(
    cells: Sequence[Judged], not_run: Sequence[NotRun], *, engines_named: bool
) -> int:
    """0 if every verdict is the expected one, 1 if one is another, 2 if one is unknown."""
    errors = [missing.error for missing in not_run]
    if not cells:
        return errors[0].exit_status
    news = [cell.verdict for cell in cells if cell.verdict is not cell.expected]
    if any(verdict is not Verdict.UNKNOWN for verdict in news):
        return EXIT[Verdict.VIOLATED]
    # An engine that nobody named may be missing; one that did not start or go on may not.
    missing = any(engines_named or not isinstance(e, SourceUnavailable) for e in errors)
    return EXIT[Verdict.UNKNOWN if missing or news else Verdict.HOLDS]
