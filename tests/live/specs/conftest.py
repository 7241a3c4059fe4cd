from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from harness.engines import ENGINES
from harness.specs.conductor import SpecConductor
from harness.specs.parser import read_spec
from harness.specs.spec import Spec
from harness.specs.transcript import tell as tell_spec

FILES = Path(__file__).parent / "files"

Tell = Callable[..., str]


@pytest.fixture
def spec_file() -> Callable[[str], Path]:
    """Where a spec of these tests lies."""
    return lambda name: FILES / f"{name}.spec"


def told_by_us(engine: str, url: URL, spec: Spec, **options) -> tuple[str, list[str]]:
    """Our transcript of a spec, and what was complained of."""
    said = []
    with SpecConductor(ENGINES[engine], url, spec, **options) as conductor:
        tell_spec(spec, conductor, said.append)
    return "".join(said), conductor.complaints


@pytest.fixture
def tell(database, spec_file) -> Tell:
    """Our transcript of a spec, by its name, on an engine."""

    def run(name: str, **options) -> str:
        text, _ = told_by_us(database.kind, database.url, read_spec(spec_file(name)), **options)
        return text

    return run
