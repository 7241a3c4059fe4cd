"""How an engine stores rows, as far as it decides how tables are put back between executions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Storage:
    """How rows are stored.

    There are two kinds. In an *index-organised* table a row's place is its key; a deleted row stays
    there, marked, until it is purged, and still bounds the gaps that are locked. In a *heap* a
    changed row gets a new place, and a scan meets rows, and locks them, in the order of places.
    """

    place: str = ""
    """What to order by, to read rows in the order of their places; empty if that is the key's."""
    size: str = ""
    """A query for a table's size in bytes, with {} for its name; empty if it does not matter."""
    page_bytes: int = 0
    """The size of a table that holds anything at all."""
    counters: str = ""
    """A query whose answers are statements, each of which sets one counter to where it stands now.
    Where to load a table sets its counter as well, its name and that number follow."""
    connect_arguments: Mapping[str, object] = field(default_factory=dict)
    """What the driver must be given to take several statements in one round trip."""
