"""Partitions on MySQL and MariaDB: ALTER TABLE … EXCHANGE PARTITION, one statement for each table.

InnoDB's tables with partitions have no foreign keys and are named by none (manual, "Restrictions
and Limitations on Partitioning"). Each exchange is all or nothing; two of them are not. What is
visible between is kept away by LOCK TABLES, but not from a crash: so bills are exchanged before
their lines, and what a crash leaves then is lines that no bill leads to.

The rows come from the partition itself and are not looked at again (WITHOUT VALIDATION, which
MariaDB 11.8 knows): under LOCK TABLES, MariaDB's look waits for a lock until it gives up (1205).

All of it is in the binary log: the rows that are copied, and two statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.engines.partitioning import Partition, Partitioning

_PARTITIONS = """
SELECT partition_name, CAST(partition_description AS UNSIGNED)
FROM information_schema.partitions
WHERE table_schema = DATABASE() AND table_name = '{}' AND partition_name IS NOT NULL
ORDER BY partition_ordinal_position
"""


def partitions(connection: Any, table: str) -> Sequence[Partition]:
    """Each begins where the one before it ends; numbers begin with 1."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS.format(table))
        found = [(str(name), int(end)) for name, end in cursor.fetchall()]
    firsts = [1, *(end for _name, end in found)]
    return [Partition(name, first, end) for first, (name, end) in zip(firsts, found, strict=False)]


def _add(table: str, new: Partition) -> Sequence[str]:
    part = f"PARTITION `{new.name}` VALUES LESS THAN ({new.end})"
    return [f"ALTER TABLE `{table}` ADD PARTITION ({part})"]


def _beside(names: Sequence[str], _partition: str, home: str, next_: str) -> Sequence[str]:
    made = [f"CREATE TABLE `{next_}`.`{name}` LIKE `{home}`.`{name}`" for name in names]
    return [*made, *(f"ALTER TABLE `{next_}`.`{name}` REMOVE PARTITIONING" for name in names)]


def _hold(
    names: Sequence[str], home: str, beside: Sequence[str], next_: str, _parents: Sequence[str]
) -> Sequence[str]:
    locked = [f"`{home}`.`{name}` WRITE" for name in names]
    locked += [f"`{next_}`.`{name}` WRITE" for name in beside]
    return [f"LOCK TABLES {', '.join(locked)}"]


def _exchange(
    names: Sequence[str], gone: Partition, home: str, next_: str
) -> Sequence[Sequence[str]]:
    first, *others = (
        f"ALTER TABLE `{home}`.`{name}` EXCHANGE PARTITION `{gone.name}`"
        f" WITH TABLE `{next_}`.`{name}` WITHOUT VALIDATION"
        for name in names
    )
    return [[first], others]


MYSQL_PARTITIONING = Partitioning(
    foreign_keys=False,
    sentence=(
        "tables with partitions have no foreign keys and are named by none; an exchange shuts "
        "everybody out of the tables whose partitions are exchanged"
    ),
    quiet=(
        # Locks of a transaction of its own are in the way of an exchange, even under LOCK TABLES.
        "SET SESSION autocommit = 1",
        # In whole seconds.
        "SET SESSION lock_wait_timeout = 1",
    ),
    # Nothing gives way to who waits longer.
    insistent=(),
    partitions=partitions,
    add=_add,
    beside=_beside,
    beside_name=lambda table, _partition: table,
    hold=_hold,
    exchange=_exchange,
    halfway="the lines of bills that are gone, until the exchange is run again",
)
