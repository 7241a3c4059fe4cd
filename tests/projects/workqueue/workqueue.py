"""A job queue in a table, with SQLAlchemy Core: every job is taken once, and none is left."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Integer, MetaData, Select, String, Table, select

METADATA = MetaData()
JOB = Table(
    "job",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
)


def setup(connection: Connection) -> None:
    METADATA.create_all(connection)
    connection.execute(JOB.insert(), [{"id": n, "state": "new"} for n in (1, 2, 3)])


def _take(connection: Connection, oldest: Select[tuple[int]]) -> int | None:
    job = connection.scalar(oldest)
    if job is not None:
        connection.execute(JOB.update().where(JOB.c.id == job).values(state="taken"))
    connection.commit()
    return job


def _oldest() -> Select[tuple[int]]:
    return select(JOB.c.id).where(JOB.c.state == "new").order_by(JOB.c.id).limit(1)


def take_job(connection: Connection) -> int | None:
    """Look for the oldest new job, and mark it: two workers may have looked before either marks."""
    return _take(connection, _oldest())


def take_job_skipping(connection: Connection) -> int | None:
    """The same with FOR UPDATE SKIP LOCKED: a job that another is looking at is passed over."""
    return _take(connection, _oldest().with_for_update(skip_locked=True))
