"""A database that holds what a measurement begins with, and jobs' processes for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from live.loading.conftest import filled, harness, here  # noqa: F401 - fixtures

from harness.engines import ENGINES, Isolation
from harness.loading.loader import load
from harness.measure.conduct import Conductor
from harness.measure.crew import Crew
from harness.measure.measurement import Asked
from harness.measure.original import Original
from harness.measure.worker import connection_to
from schema.vehicle_maintenance import metadata
from workloads.vehicle_maintenance.measurements.problem_1 import Problem1
from workloads.vehicle_maintenance.measurements.problem_3 import Problem3

ROWS = 40
ASKED = Asked(ROWS, 1, Isolation.READ_COMMITTED, (1, 7, None), (1, 2), rate_per_s=40.0)


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    with Crew(2) as found:
        yield found


class Prepared:
    """A measurement's rows, its cases, and a conductor that runs their trials."""

    def __init__(self, measurement, database, crew, asked=ASKED):
        self.engine, self.url = ENGINES[database.kind], database.url
        self.crew = crew
        self.database = database.engine
        load(self.engine, self.url, measurement.data(asked), lambda *_: None)
        self.original = Original(self.engine, self.url, metadata, measurement.changed)
        self.original.keep()
        with connection_to(self.engine, self.url, Isolation.READ_COMMITTED) as connection:
            cases = measurement.cases(asked, connection)
        self.cases = {(case.variant, case.setting): case for case in cases}

    def conduct(self, trial, isolation=Isolation.READ_COMMITTED):
        """The trial, from the rows as they were loaded."""
        self.original.put_back()
        return Conductor(self.engine, self.url, isolation, self.crew, seed=1).conduct(trial)

    def conducted(self, variant, setting, trial):
        return self.conduct(self.cases[variant, setting].trials[trial])


@pytest.fixture
def problem_1(filled, crew) -> Prepared:  # noqa: F811 - asks for the fixture
    return Prepared(Problem1(), filled, crew)


@pytest.fixture
def problem_3(filled, crew) -> Prepared:  # noqa: F811 - asks for the fixture
    return Prepared(Problem3(), filled, crew)
