"""Lock memory on PostgreSQL: one table in shared memory, made at the start, with no row in it.

A locked row is marked in the row itself, so any number can be locked (manual, "Row-Level Locks").
The shared lock table holds locks on tables, indexes and partitions, advisory locks, and rows only
while somebody waits for them. It has room for at least `max_locks_per_transaction` *
(`max_connections` + `max_prepared_transactions`) objects (manual, "Lock Management"); what follows
is refused with SQLSTATE 53200, as long as others keep theirs. The first few weak table locks of a
session are kept in the session ("fast path") and do not count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import psycopg

from harness.engines.lock_memory import LockMemory, LockNeed

_SESSIONS = 20
# What the server's own processes and a look at its catalogue may hold beside.
_SPARE = 100


def _create(table: str, places: int) -> Sequence[str]:
    return [
        f"CREATE TABLE {table} (id INT NOT NULL) PARTITION BY RANGE (id)",
        *(
            f"CREATE TABLE {table}_{place} PARTITION OF {table}"
            f" FOR VALUES FROM ({place}) TO ({place + 1})"
            for place in range(places)
        ),
        # Partition by partition: one statement for all would itself lock them all.
        *(f"INSERT INTO {table}_{place} VALUES ({place})" for place in range(places)),
    ]


def _share(table: str, first: int, last: int) -> str:
    return (
        f"SELECT count(*) FROM (SELECT id FROM {table} WHERE id >= {first} AND id < {last}"
        " FOR SHARE) shared"
    )


def _enough(need: LockNeed) -> Mapping[str, str]:
    """The manual's formula, for the connections that the drill has."""
    return {
        "max_locks_per_transaction": str(math.ceil((need.locks + _SPARE) / _SESSIONS)),
        "max_connections": str(_SESSIONS),
    }


def _full(error: BaseException) -> str:
    return error.sqlstate or "" if isinstance(error, psycopg.errors.OutOfMemory) else ""


POSTGRESQL_LOCK_MEMORY = LockMemory(
    sentence=(
        "row locks are kept in the rows and take none; the lock table in shared memory holds locks "
        "on tables, indexes and partitions and advisory locks, and refuses the statement when it "
        "is full"
    ),
    lock="partition",
    setting="max_locks_per_transaction",
    too_small={"max_locks_per_transaction": "10", "max_connections": str(_SESSIONS)},
    locks=400,
    create=_create,
    share=_share,
    row_bytes=0,
    held="SELECT count(*), 0 FROM pg_locks WHERE NOT fastpath AND pid <> pg_backend_pid()",
    enough=_enough,
    full=_full,
)
