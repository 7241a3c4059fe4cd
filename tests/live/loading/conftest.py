"""Servers that take files, for the tests of loading."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from live.cli.conftest import CommandLine, harness  # noqa: F401 - a fixture

from harness.engines import ENGINES
from harness.servers import asking
from harness.testing import LiveDatabase


@pytest.fixture
def filled(database) -> Iterator[LiveDatabase]:
    """An empty database on a server that is told to take files, as its administrator may."""
    kind = ENGINES[database.kind]
    before = asking.ask(kind, database.url, kind.loading.refused)
    said = [f"SET GLOBAL {name} = {v}" for name, v in kind.loading.settings.items()]
    if before:
        asking.tell(kind, database.url, said)
    yield database
    if before:
        asking.tell(kind, database.url, [line.replace("= ON", "= OFF") for line in said])


@pytest.fixture
def here(harness, filled) -> CommandLine:  # noqa: F811 - asks for the fixture
    """The command line, with an empty given database on each engine."""
    url = filled.url.render_as_string(hide_password=False)
    harness.environment["HARNESS_SERVER"] = url
    return harness
