from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from schema.vehicle_maintenance import fixture, metadata


@pytest.fixture
def vehicle_engine(database) -> Engine:
    """An engine whose database holds the vehicle maintenance tables and the fixture's day."""
    metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        fixture.load(connection)
    return database.engine


@pytest.fixture
def connection(vehicle_engine) -> Iterator[Connection]:
    with vehicle_engine.connect() as connection:
        yield connection
