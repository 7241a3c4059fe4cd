"""How a partition of a table is replaced by what stays of it, and where the next rows go.

Tables are cut into partitions by ranges of a number that every key of theirs begins with. What
stays of a partition is copied into a table beside it, and that takes the partition's place: no row
is deleted, and the other partitions are not touched.

Terms: *home* is the schema in which the tables are used; the tables beside the partitions are made
in a schema of their own, *next*, and dropped with it. Pure knowledge, over a driver's own
connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Partition(NamedTuple):
    """A partition: the rows whose number is at least `first` and below `end`."""

    name: str
    first: int
    end: int


@dataclass(frozen=True)
class Partitioning:
    """How an engine exchanges partitions."""

    foreign_keys: bool
    """Whether tables with partitions have foreign keys, and are named by some."""
    sentence: str
    """What tables lose by their partitions, and what an exchange shuts out, to a person."""
    quiet: Sequence[str]
    """What a session that exchanges is told: it gives up soon when others hold a table, for all who
    come later wait behind it."""
    insistent: Sequence[str]
    """What it is told for one try that waits longer, after some that were refused: for what gives
    way only to who waits so long. Empty where nothing does."""
    partitions: Callable[[Any, str], Sequence[Partition]]
    """The partitions of a table, in their order; none if it has none."""
    add: Callable[[str, Partition], Sequence[str]]
    """Add an empty partition to a table, behind all others."""
    beside: Callable[[Sequence[str], str, str, str], Sequence[str]]
    """Make an empty table in `next` for each table's partition, that can take its place: the
    tables, the partition's name, home and next."""
    beside_name: Callable[[str, str], str]
    """What such a table is called, by the names of table and partition."""
    hold: Callable[[Sequence[str], str, Sequence[str], str, Sequence[str]], Sequence[str]]
    """Shut everybody out of some tables: these, with their schema; those beside, with theirs; and
    those that the first refer to, as far as an exchange touches them."""
    exchange: Callable[[Sequence[str], Partition, str, str], Sequence[Sequence[str]]]
    """Put the tables beside into the place of a partition: the tables, parents first, the
    partition, home and next. Two lists, to be executed one after the other."""
    halfway: str
    """What a crash between the two leaves, to a person."""
