"""What a test session works with: its live engines, and what `explore(...)` found.

The fixtures are in `harness.pytest_plugin`. Every pytest loads that, so it imports this file, and
with it the drivers, only when a test asks for an engine.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy import Engine as Database

from harness.checks.invariant import Invariant
from harness.checks.verdict import Verdict
from harness.engines import ENGINES, Isolation, Profile
from harness.errors import HarnessError, UsageError
from harness.interleave.cell import Cell, Target
from harness.interleave.explore import explore as explore_cell
from harness.interleave.schedule import Schedule
from harness.interleave.search import Bounds
from harness.interleave.stress import Stress
from harness.programs import Program
from harness.report.story import finding_story
from harness.scenario import choose, scenario_of
from harness.servers import ladder
from harness.servers.databases import fresh_database
from harness.servers.options import ServerOptions
from harness.servers.server import Server
from harness.taking import program_of, see_takes_connection

USUAL = Bounds(reduction=True, stress=Stress(50, seed=0))
"""How a test searches if it says nothing: as `harness explore` does."""


@dataclass(frozen=True)
class LiveDatabase:
    """An empty database on a live server, gone after the test."""

    kind: str
    """The engine's name."""
    target: Target
    """What `harness.interleave.explore.explore` takes."""
    server: Server
    engine: Database
    """A SQLAlchemy engine bound to it."""

    @property
    def url(self) -> URL:
        """Where it is. Never print it: it holds the password."""
        return self.target.url


class LiveEngines:
    """The servers of one test session: each is started when it is first asked for."""

    def __init__(self) -> None:
        self._said = dict(os.environ)  # what was said when the session began
        self._stack = ExitStack()
        self._servers: dict[str, Server | HarnessError] = {}
        self._sources: dict[str, str] = {}

    def server(self, name: str) -> Server:
        """The running server of an engine.

        Raises:
            HarnessError: it cannot be had; the same error each time.
        """
        if name not in self._servers:
            self._servers[name] = self._start(name)
        found = self._servers[name]
        if isinstance(found, HarnessError):
            raise found
        return found

    @contextmanager
    def database(self, name: str) -> Iterator[LiveDatabase]:
        """An empty database on the running server of an engine.

        Raises:
            HarnessError: the server cannot be had.
        """
        kind, server = ENGINES[name], self.server(name)
        with fresh_database(server) as url:
            target = Target(kind, server.version, self._sources[name], url)
            engine = create_engine(url, connect_args=dict(kind.connect_arguments))
            try:
                yield LiveDatabase(name, target, server, engine)
            finally:
                engine.dispose()

    def close(self) -> None:
        """Stop all."""
        self._stack.close()

    def _start(self, name: str) -> Server | HarnessError:
        try:
            options = ServerOptions.from_environment(self._said)
            offer = ladder.choose(ENGINES[name], options)
            started = ladder.start(offer, Profile.EXPLORING, options=options)
            server = self._stack.enter_context(started)
        except HarnessError as error:
            return error
        self._sources[name] = offer.description
        return server


class Explored:
    """What `explore(...)` found, for a test to assert on; as text, the whole story."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell

    @property
    def holds(self) -> bool:
        """Every possible interleaving was run, and none broke anything."""
        return self.cell.verdict is Verdict.HOLDS

    @property
    def violated(self) -> bool:
        """Some interleaving breaks something."""
        return self.cell.verdict is Verdict.VIOLATED

    @property
    def schedule(self) -> str | None:
        """The turns of the shortest execution that breaks something, for `schedule=`."""
        return str(self.cell.finding.schedule) if self.cell.finding else None

    def __repr__(self) -> str:
        """One line: the verdict and its coverage, and how the broken execution is had again."""
        cell = self.cell
        where = f"{cell.title} {cell.version}, {cell.isolation.title}"
        again = f", schedule={self.schedule!r}" if self.schedule else ""
        return f"<{cell.verdict.value}: {cell.coverage()}, {where}{again}>"

    def __str__(self) -> str:
        lines = [repr(self), *(f"unknown: {reason}" for reason in self.cell.unknown)]
        lines += [f"  hint: {hint}" for hint in self.cell.hints]
        lines += [f"note: {note}" for note in self.cell.notes]
        if self.cell.finding is not None:
            again = f"explore(..., schedule={self.schedule!r})"
            lines += ["", finding_story(self.cell, again, 110)]
        return "\n".join(lines)


def program(
    function: Callable[..., object],
    *,
    takes: str | None = None,
    isolation: str | None = None,
    expected_errors: tuple[type[BaseException], ...] = (),
) -> Program:
    """A function with what is to be said of it, for `explore(...)`.

    `takes` is 'connection', 'session', 'engine' or 'sessionmaker', where the annotation of its
    parameter does not tell; `isolation` a level of its own, or 'autocommit'; `expected_errors` are
    exceptions that are results.

    Raises:
        UsageError: it cannot be told what the function takes, or what was said is not known.
    """
    return program_of(
        function,
        _title(function),
        takes=takes,
        isolation=isolation,
        expected_errors=expected_errors,
    )


def explore(
    database: LiveDatabase,
    functions: Sequence[Callable[..., object] | Program],
    *,
    setup: Callable[[Connection], None],
    isolation: str = "read-committed",
    invariants: Sequence[Callable[[Connection], object]] = (),
    serial_equivalence: bool = True,
    schedule: str | None = None,
    bounds: Bounds = USUAL,
) -> Explored:
    """Run functions, or programs, through every possible interleaving, or through one schedule.

    As on the command line, executions that only exchange steps which commute are left out, and a
    search that holds is followed by rounds in which the programs run freely. What was noted of the
    programs beside the verdict is a warning.

    Raises:
        HarnessError: the call is wrong, or the functions cannot be explored.
    """
    levels = {level.slug: level for level in Isolation}
    choose("isolation level", isolation, levels)
    for function in (setup, *invariants):
        see_takes_connection(function, _title(function))
    if len(functions) < 2:
        raise UsageError(
            "explore: one program alone has one order", "name two or more, or the same one twice"
        )
    scenario = scenario_of(
        {
            f"T{n}": f if isinstance(f, Program) else program(f)
            for n, f in enumerate(functions, start=1)
        },
        setup,
        [Invariant.of(rule) for rule in invariants],
        serial_equivalence=serial_equivalence,
    )
    variant = scenario.variants["current"]
    recorded = None if schedule is None else Schedule.parse(schedule)
    if recorded is not None:
        recorded.must_name(variant.programs)
    cell = explore_cell(
        database.target, scenario, variant, levels[isolation], schedule=recorded, bounds=bounds
    )
    for note in cell.notes:
        warnings.warn(note, stacklevel=3)
    return Explored(cell)


def _title(function: Callable[..., object]) -> str:
    below = getattr(function, "func", function)  # of functools.partial
    return getattr(below, "__name__", type(below).__name__)
