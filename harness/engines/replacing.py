"""How tables are replaced by what stays of them: rows out to files, new tables into their place.

Instead of deleting most rows of a table, the few that stay are written to files, loaded into tables
that are new and empty, with as little log as the engine allows, and these take the places of the
old ones. Writers are shut out from the first to the last of these steps, readers for a moment.

Terms: *home* is the schema in which the tables are used; the new ones are filled in a schema of
their own, *next*, under the same names, so that keys and constraints keep theirs; the old ones end
in the schema *old*, and are dropped with it. Pure knowledge, over a driver's own connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Columns = Sequence[tuple[str, str]]
"""Each column's name, and the SQL of its text as it is in a line (`harness.engines.loading`)."""


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of a table with its indexes; None where the engine does not tell."""

    files: int
    """What the files take on disk."""
    indexes: int
    """What of it the indexes take; InnoDB's table is an index itself, and does not count."""
    free: int | None
    """What new rows can take without a larger file, as far as the engine counts it."""
    dead: int | None
    """Rows that are deleted and still take their place, until the server tidies up."""
    live: int | None
    """Rows and entries of indexes that are there."""
    used: int | None
    """Pages that the table and its indexes have, where the files have others as well."""

    def with_(self, other: Space) -> Space:
        """Of both; what is not known of one is not known of both."""
        return Space(
            self.files + other.files,
            self.indexes + other.indexes,
            _sum(self.free, other.free),
            _sum(self.dead, other.dead),
            _sum(self.live, other.live),
            _sum(self.used, other.used),
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


@dataclass(frozen=True)
class Unlogged:
    """Tables whose rows are in no log: how empty ones become such, and ordinary ones when full.

    All in the transaction that empties and fills them, so nobody ever sees them without log.
    """

    begin: Callable[[Sequence[str]], Sequence[str]]
    """Statements for these tables, parents first."""
    end: Callable[[Sequence[str]], Sequence[str]]
    sentence: str
    """What the end costs, to a person."""


@dataclass(frozen=True)
class Replacing:
    """How an engine replaces tables."""

    sentence: str
    """What loading without a log means on this engine, to a person."""
    extract: Callable[[Any, str, Columns, str, Path], int]
    """Write rows of a table to a file that `Loading.load` reads: table, columns, what follows the
    table in the query (WHERE …), and the file; returns how many."""
    hold: Callable[[Sequence[str]], Sequence[str]]
    """Shut writers of these tables out and let readers in, for as long as the connection holds."""
    hold_all: Callable[[Sequence[str]], Sequence[str]]
    """Shut everybody out of these tables."""
    let_go: Sequence[str]
    """Let everybody in again; commits what the connection has done."""
    load: Callable[[Any, str, Sequence[str], Path], None]
    """`Loading.load`, into a table that the connection's own transaction has emptied."""
    quiet: Sequence[str]
    """What a session that loads is told, so that it writes no log beyond the storage engine's."""
    use: str
    """Makes the tables of the schema {} the ones that are meant by their names alone."""
    fill: Callable[[Sequence[str]], Sequence[str]]
    """What comes before tables are filled in a transaction: empties them in it."""
    swap: Callable[[Sequence[str], str, str, str], Sequence[str]]
    """Put the tables of `next` into the place of those of `home`, which go to `old`: the names,
    parents first, then the three schemas. All or nothing."""
    one_transaction: bool
    """Whether all of it is one transaction of the connection that holds writers out. Else another
    connection fills and swaps, waits for that one to let go, and comes before all other writers."""
    fresh: Sequence[str]
    """What a session is told so that the figures below are not those of a while ago."""
    waits: str
    """A query that returns a row if the session {} waits for a table, where another one swaps."""
    counter: str
    """A query for the number that the next row of {schema}.{table} gets, by its {column}; it may
    use that number up in the old table."""
    count_from: str
    """A statement that lets {table}'s {column} go on from {number}, in the schema in use."""
    unlogged: Unlogged | None
    """None where the engine has no tables without log that can become ordinary ones."""
    schemas: str
    """A query for the names of all schemas."""
    within: str
    """A query for the names of all that is in the schema {}."""
    space: Callable[[Any, str], Space]
    """What a table takes, by fresh statistics."""
    statistics: Callable[[Sequence[str]], Sequence[str]]
    """What brings these figures up to date, and makes them as exact as the server can."""
    rebuild: Callable[[Sequence[str]], Sequence[str]]
    """What gives the space of deleted rows back to the disk, and shuts everybody out meanwhile."""
