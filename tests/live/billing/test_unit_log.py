"""The limit of one unit of work's log, where an engine has one, on a server that keeps a log."""

import pytest
from live.drills.conftest import durable
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, delete, func, select
from sqlalchemy.exc import DBAPIError

from harness.engines import ENGINES
from harness.servers.databases import fresh_database

pytestmark = pytest.mark.integration

LIMIT_BYTES = 128 * 1024
FEW, MANY = 200, 4_000
"""Rows of about 110 bytes: far below the limit, and far beyond it."""

note = Table(
    "note",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("words", String(100)),
)


def test_a_unit_beyond_the_limit_is_refused_and_undone_and_one_below_is_not(live_server):
    kind = ENGINES[live_server.engine.name]
    limit = kind.unit_log
    if not limit.limit:
        assert "budget" in limit.sentence
        return
    with durable(kind.name) as server, fresh_database(server) as url:
        # Rows are logged, not statements: MariaDB's mixed format logs this one as such elsewhere.
        database = create_engine(url, isolation_level="READ COMMITTED")
        with database.connect() as connection:
            note.metadata.create_all(connection)
            rows = [{"id": number, "words": "x" * 100} for number in range(MANY + FEW)]
            connection.execute(note.insert(), rows)
            connection.commit()
            connection.exec_driver_sql(limit.limit.format(LIMIT_BYTES))
        database.dispose()  # the limit is for sessions that are opened afterwards
        with database.connect() as connection:
            connection.execute(delete(note).where(note.c.id < FEW))
            connection.commit()
            with pytest.raises(DBAPIError) as refused:
                connection.execute(delete(note))
            assert limit.is_full(refused.value.orig)
            connection.rollback()
            assert connection.execute(select(func.count()).select_from(note)).scalar_one() == MANY
            assert not limit.is_full(ValueError("another"))
        database.dispose()
