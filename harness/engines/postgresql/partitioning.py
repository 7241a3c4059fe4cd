"""Partitions on PostgreSQL: DETACH and ATTACH PARTITION, all in one transaction.

Foreign keys stay (manual, "Table Partitioning": from and to tables with partitions), and decide the
order: a partition is detached only when no row refers to its rows, which the server looks for, so
the lines go first and come back last. A key that goes with a detached table is taken off the table
it refers to, and a new one is put there, so those tables are held as well.

DETACH … CONCURRENTLY would let readers in, but is in no transaction with an ATTACH (manual, "ALTER
TABLE"), and between the two the rows that stay would be in no table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from harness.engines.partitioning import Partition, Partitioning

_PARTITIONS = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid)
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass('"{}"') AND c.relispartition
"""

_RANGE = re.compile(r"FOR VALUES FROM \('?(\d+)'?\) TO \('?(\d+)'?\)")


def partitions(connection: Any, table: str) -> Sequence[Partition]:
    """By the bounds of the tables that are its partitions, whose names begin with its name."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS.format(table))
        found = [
            Partition(str(name).removeprefix(f"{table}_"), int(bounds[1]), int(bounds[2]))
            for name, said in cursor.fetchall()
            if (bounds := _RANGE.fullmatch(str(said)))
        ]
    return sorted(found, key=lambda one: one.first)


def name_of(table: str, partition: str) -> str:
    """A partition is a table of its own, and has a name of its own."""
    return f"{table}_{partition}"


def _range(one: Partition) -> str:
    return f"FOR VALUES FROM ({one.first}) TO ({one.end})"


def _add(table: str, new: Partition) -> Sequence[str]:
    return [f'CREATE TABLE "{name_of(table, new.name)}" PARTITION OF "{table}" {_range(new)}']


def _beside(names: Sequence[str], partition: str, home: str, next_: str) -> Sequence[str]:
    # A partition has no identity of its own: its numbers come from the table that it belongs to.
    return [
        f'CREATE TABLE "{next_}"."{name}" (LIKE "{home}"."{name}" INCLUDING ALL EXCLUDING IDENTITY)'
        for name in (name_of(table, partition) for table in names)
    ]


def _hold(
    names: Sequence[str], home: str, _beside: Sequence[str], _next: str, parents: Sequence[str]
) -> Sequence[str]:
    quoted = ", ".join(f'"{home}"."{name}"' for name in (*names, *parents))
    return [f"LOCK TABLE {quoted} IN ACCESS EXCLUSIVE MODE"]


def _exchange(
    names: Sequence[str], gone: Partition, home: str, next_: str
) -> Sequence[Sequence[str]]:
    return [
        list(_detached(names, gone, home)),
        list(_attached(names, gone, home, next_)),
    ]


def _detached(names: Sequence[str], gone: Partition, home: str) -> Iterator[str]:
    for table in reversed(names):
        name = name_of(table, gone.name)
        yield f'ALTER TABLE "{home}"."{table}" DETACH PARTITION "{home}"."{name}"'
        # With its foreign keys, which still hold the rows that they refer to.
        yield f'DROP TABLE "{home}"."{name}"'


def _attached(names: Sequence[str], gone: Partition, home: str, next_: str) -> Iterator[str]:
    for table in names:
        name = name_of(table, gone.name)
        yield f'ALTER TABLE "{next_}"."{name}" SET SCHEMA "{home}"'
        yield f'ALTER TABLE "{home}"."{table}" ATTACH PARTITION "{home}"."{name}" {_range(gone)}'


POSTGRESQL_PARTITIONING = Partitioning(
    foreign_keys=True,
    sentence=(
        "foreign keys stay, and every unique key must hold the number that the partitions go by; "
        "an exchange shuts everybody out of the tables and of those that they refer to; it waits "
        "0.2 s at a time, less than deadlock_timeout at its default of 1 s, and once 2 s, for an "
        "autovacuum gives way only after that time"
    ),
    # At the default deadlock_timeout of 1 s nobody else is the victim of a wait so short; but an
    # autovacuum is cancelled only by who has waited that long (manual, "Automatic Vacuuming").
    quiet=("SET lock_timeout = '200ms'",),
    # In this try somebody else may be the victim of a deadlock.
    insistent=("SET LOCAL lock_timeout = '2s'",),
    partitions=partitions,
    add=_add,
    beside=_beside,
    beside_name=name_of,
    hold=_hold,
    exchange=_exchange,
    halfway="nothing: both halves are one transaction",
)
