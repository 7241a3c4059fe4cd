"""The pytest plugin: live engines as fixtures, and `explore(...)`.

    def test_two_withdrawals(explore):
        assert explore(withdraw, withdraw, setup=tables).holds

A test that asks for `database` (or `explore`, which does) runs once for each engine, with the
engine's name as its id. What this machine does not offer is skipped with its reason; under
`--require-engines`, or with the variable HARNESS_REQUIRE_ENGINES, it fails: in a nightly run a
skipped engine is an unknown, and unknown is not fine. A server that does not start always fails.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # every pytest loads this file, and few of them need the drivers
    from harness.servers.server import Server
    from harness.testing import Explored, LiveDatabase, LiveEngines

REQUIRE = "HARNESS_REQUIRE_ENGINES"

Explore = Callable[..., "Explored"]
_FOUND = pytest.StashKey[list["Explored"]]()


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
    """Declare the markers; see that engines are named rightly."""
    config.addinivalue_line("markers", "integration: needs live database servers")
    config.addinivalue_line("markers", "engines(name, ...): run on these live engines only")
    required, only = config.getoption("--require-engines"), config.getoption("--live-engine")
    if required or only:
        _see_names(only, pytest.UsageError)
        left_out = sorted(_required(config) - set(_chosen(config)))
        if left_out and required != "all":
            raise pytest.UsageError(
                f"--require-engines names {', '.join(left_out)}, which --live-engine leaves out"
            )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that wants a live engine once for each, or for each that it names."""
    if "live_engine" not in metafunc.fixturenames:
        return
    chosen = _chosen(metafunc.config)
    for marker in metafunc.definition.iter_markers("engines"):
        _see_names(marker.args, pytest.Collector.CollectError)
        chosen = [name for name in chosen if name in marker.args]
    metafunc.parametrize("live_engine", chosen, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What wants a live engine is an integration test, whether or not it says so."""
    for item in items:
        if "live_engine" in getattr(item, "fixturenames", ()):
            item.add_marker("integration")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what was found beside a test that failed: the broken execution, drawn."""
    report = yield
    if report.when == "call" and report.failed:
        for explored in item.stash.get(_FOUND, []):
            if not explored.holds:
                report.sections.append(("explored", str(explored)))
    return report


@pytest.fixture(scope="session")
def live_engines() -> Iterator[LiveEngines]:
    """The servers of this test session."""
    from harness.testing import LiveEngines  # noqa: PLC0415 - see above

    engines = LiveEngines()
    yield engines
    engines.close()


@pytest.fixture
def live_server(live_engine: str, live_engines: LiveEngines, pytestconfig: pytest.Config) -> Server:
    """A running server of each engine, shared by the session's tests."""
    from harness.errors import HarnessError, SourceUnavailable  # noqa: PLC0415 - see above

    try:
        return live_engines.server(live_engine)
    except SourceUnavailable as error:
        if live_engine in _required(pytestconfig):
            pytest.fail(f"{live_engine} is required: {error.explain()}", pytrace=False)
        pytest.skip(error.explain())
    except HarnessError as error:
        pytest.fail(error.explain(), pytrace=False)


@pytest.fixture
def database(
    live_engine: str,
    live_engines: LiveEngines,
    live_server: Server,  # noqa: ARG001 - skips or fails where there is none
) -> Iterator[LiveDatabase]:
    """An empty database on each engine."""
    with live_engines.database(live_engine) as found:
        yield found


@pytest.fixture
def explore(database: LiveDatabase, request: pytest.FixtureRequest) -> Explore:
    """Run functions through every possible interleaving on a live engine.

    `explore(f, g, setup=…, isolation="read-committed", invariants=[…], schedule=None)`: each
    function takes a SQLAlchemy `Connection`, an ORM `Session`, an `Engine` or a `sessionmaker`, as
    its annotation says, or is made a program with `harness.testing.program(f, isolation=…)`;
    `setup` takes a `Connection` and makes the tables and their rows; an invariant is a function
    over a `Connection` that returns None or what is wrong.
    """
    from harness import testing  # noqa: PLC0415 - see above
    from harness.errors import HarnessError  # noqa: PLC0415 - see above

    found: list[Explored] = request.node.stash.setdefault(_FOUND, [])

    def run(*functions: Callable[..., object], **asked: Any) -> Explored:
        __tracebackhide__ = True
        try:
            found.append(testing.explore(database, functions, **asked))
        except HarnessError as error:
            for hint in error.hints:
                error.add_note(f"hint: {hint}")
            raise error.with_traceback(None) from error.__cause__
        return found[-1]

    return run


def _chosen(config: pytest.Config) -> list[str]:
    from harness.engines import ENGINES  # noqa: PLC0415 - see above

    return list(config.getoption("--live-engine") or ENGINES)


def _required(config: pytest.Config) -> set[str]:
    from harness.engines import ENGINES  # noqa: PLC0415 - see above

    text = config.getoption("--require-engines")
    if not text:
        return set()
    names = set(ENGINES) if text == "all" else {name.strip() for name in text.split(",")}
    _see_names(names, pytest.UsageError)
    return names


def _see_names(names: Collection[str], wrong: type[Exception]) -> None:
    """See that engines are named rightly.

    Raises:
        wrong: one is not; says which are known, and which was probably meant.
    """
    from harness.engines import ENGINES  # noqa: PLC0415 - see above
    from harness.errors import UsageError  # noqa: PLC0415 - see above
    from harness.scenario import choose  # noqa: PLC0415 - see above

    try:
        for name in names:
            choose("engine", name, ENGINES)
    except UsageError as error:
        raise wrong(error.explain()) from error
