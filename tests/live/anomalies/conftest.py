from collections.abc import Callable

import pytest
from live.anomalies.matrix import explored_by

from harness.report.matrix import Answer
from workloads.anomalies import anomalies


@pytest.fixture(scope="session")
def known_cells() -> dict[tuple[str, str], list[Answer]]:
    """What has been explored in full in this session: three tests look at the same cells."""
    return {}


@pytest.fixture
def row(database, known_cells) -> Callable[[str], list[Answer]]:
    """All levels of one anomaly on an engine, every order of every execution run."""
    by_name = {anomaly.name: anomaly for anomaly in anomalies()}

    def of(name: str) -> list[Answer]:
        place = (database.kind, name)
        if place not in known_cells:
            known_cells[place] = explored_by(database.target, by_name[name])
        return known_cells[place]

    return of
