from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from schema.billing import fixture, metadata


@pytest.fixture
def billing_engine(database) -> Engine:
    """An engine whose database holds the billing tables and the begin of a month."""
    metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        fixture.load(connection)
    return database.engine


@pytest.fixture
def connection(billing_engine) -> Iterator[Connection]:
    with billing_engine.connect() as connection:
        yield connection
