from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from harness.engines import ENGINES
from harness.errors import ServerError
from harness.servers.databases import fresh_database
from harness.specs.conductor import SpecConductor
from harness.specs.parser import read_spec
from harness.specs.spec import Spec
from harness.specs.transcript import transcript

FILES = Path(__file__).parent / "files"

Tell = Callable[..., str]


@pytest.fixture
def spec_file() -> Callable[[str], Path]:
    """Where a spec of these tests lies."""
    return lambda name: FILES / f"{name}.spec"


@pytest.fixture
def postgresql(live_engines, pytestconfig) -> Callable[[], Iterator[URL]]:
    """What makes an empty database on the one server whose tester can be asked."""
    if "postgresql" not in (pytestconfig.getoption("--live-engine") or ENGINES):
        pytest.skip("the isolation tester knows one engine, which is not asked for")
    try:
        server = live_engines.server("postgresql")
    except ServerError as error:
        pytest.skip(error.explain())
    return lambda: fresh_database(server)


def told_by_us(engine: str, url: URL, spec: Spec, **options) -> tuple[str, list[str]]:
    """Our transcript of a spec, and what was complained of."""
    with SpecConductor(ENGINES[engine], url, spec, **options) as conductor:
        return "".join(transcript(spec, conductor)), conductor.complaints


@pytest.fixture
def tell(database, spec_file) -> Tell:
    """Our transcript of a spec, by its name, on an engine."""

    def run(name: str, **options) -> str:
        text, _ = told_by_us(database.kind, database.url, read_spec(spec_file(name)), **options)
        return text

    return run
