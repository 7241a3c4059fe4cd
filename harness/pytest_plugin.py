"""The pytest plugin: live engines as fixtures, and `explore(...)`.

    def test_two_withdrawals(explore):
        assert explore(withdraw, withdraw, setup=tables).holds

A test that asks for `database` (or `explore`, which does) runs once for each engine, with the
engine's name as its id. What cannot run is skipped with its reason; under `--require-engines`, or
with the variable HARNESS_REQUIRE_ENGINES, it fails: in a nightly run a skipped engine is an
unknown, and unknown is not fine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from sqlalchemy import URL, Connection
from sqlalchemy import Engine as Database

from harness.checks.invariant import Invariant
from harness.engines import ENGINES, Isolation, Profile
from harness.errors import ServerError, UsageError
from harness.interleave.cell import Cell, Target
from harness.interleave.explore import explore as explore_cell
from harness.interleave.schedule import Schedule
from harness.interleave.search import Bounds
from harness.programs import Program
from harness.scenario import choose, scenario_of
from harness.servers.databases import fresh_database
from harness.servers.ladder import choose as choose_server
from harness.servers.ladder import start
from harness.servers.options import ServerOptions
from harness.servers.server import Server

REQUIRE = "HARNESS_REQUIRE_ENGINES"


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

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._stack = ExitStack()
        self._servers: dict[str, Server | ServerError] = {}
        self._sources: dict[str, str] = {}

    def server(self, name: str) -> Server:
        """The running server of an engine.

        Raises:
            ServerError: it cannot be had; the same error each time.
        """
        if name not in self._servers:
            self._servers[name] = self._start(name)
        found = self._servers[name]
        if isinstance(found, ServerError):
            raise found
        return found

    def source(self, name: str) -> str:
        """Where a running server came from."""
        return self._sources[name]

    def close(self) -> None:
        """Stop all."""
        self._stack.close()

    def _start(self, name: str) -> Server | ServerError:
        try:
            offer = choose_server(ENGINES[name], self._options)
            started = start(offer, Profile.EXPLORING, options=self._options)
            server = self._stack.enter_context(started)
        except ServerError as error:
            return error
        self._sources[name] = offer.description
        return server


class Explored:
    """What `explore(...)` found, for a test to assert on."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell

    @property
    def holds(self) -> bool:
        """Every possible interleaving was run, and none broke anything."""
        return self.cell.verdict.value == "holds"

    @property
    def violated(self) -> bool:
        """Some interleaving breaks something."""
        return self.cell.verdict.value == "violated"

    def __repr__(self) -> str:
        """What a failed assertion shows: the verdict, its coverage, and the broken execution."""
        from harness.report.story import finding_story  # noqa: PLC0415 - needed on failure only

        cell = self.cell
        head = f"{cell.verdict.value}: {cell.coverage()}, {cell.title} {cell.version}"
        reasons = "".join(f"\nunknown: {reason}" for reason in cell.unknown)
        if cell.finding is None:
            return f"<{head}{reasons}>"
        again = f"explore(..., schedule={str(cell.finding.schedule)!r})"
        return f"<{head}{reasons}\n{finding_story(cell, again, 110)}>"


Explore = Callable[..., Explored]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("harness", "live database engines")
    group.addoption(
        "--require-engines",
        nargs="?",
        const="all",
        default=os.environ.get(REQUIRE),
        metavar="E,E",
        help="fail instead of skipping where these engines (default: all) cannot run; also "
        + REQUIRE,
    )
    group.addoption(
        "--live-engine",
        action="append",
        default=[],
        metavar="E",
        help="run live tests on this engine only; may be repeated",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; see that engines are named rightly."""
    config.addinivalue_line("markers", "integration: needs live database servers")
    config.addinivalue_line("markers", "engines(name, ...): run on these live engines only")
    try:
        _required(config)
        _chosen(config)
    except UsageError as error:
        raise pytest.UsageError(error.explain()) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that wants a live engine once for each, or for each that it names."""
    if "live_engine" not in metafunc.fixturenames:
        return
    chosen = _chosen(metafunc.config)
    for marker in metafunc.definition.iter_markers("engines"):
        for name in marker.args:
            try:
                choose("engine", name, ENGINES)
            except UsageError as error:
                raise pytest.Collector.CollectError(error.explain()) from error
        chosen = [name for name in chosen if name in marker.args]
    metafunc.parametrize("live_engine", chosen, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What wants a live engine is an integration test, whether or not it says so."""
    for item in items:
        if "live_engine" in getattr(item, "fixturenames", ()):
            item.add_marker("integration")


@pytest.fixture(scope="session")
def live_engines() -> Iterator[LiveEngines]:
    """The servers of this test session."""
    engines = LiveEngines(ServerOptions.from_environment())
    yield engines
    engines.close()


@pytest.fixture
def live_server(live_engine: str, live_engines: LiveEngines, pytestconfig: pytest.Config) -> Server:
    """A running server of each engine, shared by the session's tests."""
    try:
        return live_engines.server(live_engine)
    except ServerError as error:
        if live_engine in _required(pytestconfig):
            pytest.fail(f"{live_engine} is required: {error.explain()}", pytrace=False)
        pytest.skip(error.explain())


@pytest.fixture
def database(
    live_engine: str, live_engines: LiveEngines, live_server: Server
) -> Iterator[LiveDatabase]:
    """An empty database on each engine."""
    from sqlalchemy import create_engine  # noqa: PLC0415 - the plugin is loaded by every pytest

    kind = ENGINES[live_engine]
    with fresh_database(live_server) as url:
        target = Target(kind, live_server.version, live_engines.source(live_engine), url)
        engine = create_engine(url, connect_args=dict(kind.connect_arguments))
        try:
            yield LiveDatabase(live_engine, target, live_server, engine)
        finally:
            engine.dispose()


@pytest.fixture
def explore(database: LiveDatabase) -> Explore:
    """Run functions through every possible interleaving on a live engine.

    `explore(f, g, setup=…, isolation="read-committed", invariants=[…], schedule=None)`: each function takes a
    SQLAlchemy `Connection`; `setup` makes the tables and their rows; an invariant is a function
    over a `Connection` that returns None or what is wrong.
    """

    def run(
        *functions: Callable[[Connection], object],
        setup: Callable[[Connection], None],
        isolation: str = "read-committed",
        invariants: Sequence[Callable[[Connection], object]] = (),
        serial_equivalence: bool = True,
        schedule: str | None = None,
        bounds: Bounds | None = None,
    ) -> Explored:
        levels = {level.slug: level for level in Isolation}
        choose("isolation level", isolation, levels)
        scenario = scenario_of(
            {f"T{n}": Program(_title(f), f) for n, f in enumerate(functions, start=1)},
            setup,
            [Invariant.of(rule) for rule in invariants],
            serial_equivalence=serial_equivalence,
        )
        return Explored(
            explore_cell(
                database.target,
                scenario,
                scenario.variants["current"],
                levels[isolation],
                schedule=Schedule.parse(schedule) if schedule else None,
                bounds=bounds,
            )
        )

    return run


def _title(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _chosen(config: pytest.Config) -> list[str]:
    names = config.getoption("--live-engine") or list(ENGINES)
    for name in names:
        choose("engine", name, ENGINES)
    return list(names)


def _required(config: pytest.Config) -> set[str]:
    text = config.getoption("--require-engines")
    if not text:
        return set()
    names = set(ENGINES) if text == "all" else {name.strip() for name in text.split(",")}
    for name in names:
        choose("engine", name, ENGINES)
    return names
