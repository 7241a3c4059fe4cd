"""What the textbook cases are called when they are found on live engines."""

from __future__ import annotations

from harness.engines import Isolation

Called = tuple[str, str, str]
"""The name, what it is in words, and Adya's class."""

# What each textbook case is called by what its shortest execution shows, with Adya's class.
_NAMES: dict[str, Called] = {
    "g0": ("G0", "write cycle", "G0"),
    "g1a": ("G1a", "aborted read", "G1a"),
    "g1b": ("G1b", "intermediate read", "G1b"),
    "g1c": ("G1c", "circular information flow", "G1c"),
    "otv": ("OTV", "observed transaction vanishes", "G-single"),
    "pmp": ("PMP", "phantom", "G-single"),
    "pmp-write": ("PMP", "phantom", "G-single"),
    "pmp-delete": ("PMP", "phantom", "G-single"),
    "p4": ("P4", "lost update", "G-single"),
    "g-single": ("G-single", "read skew", "G-single"),
    "g-single-dependencies": ("G-single", "fuzzy read", "G-single"),
    "g-single-write-1": ("G-single", "read skew", "G-single"),
    "g-single-write-2": ("G-single", "read skew", "G-single"),
    "g2-item": ("G2-item", "write skew", "G2-item"),
    "g2": ("G2", "write skew by a predicate", "G2"),
    "g2-two-edges": ("G2-item", "anti-dependency cycle", "G2-item"),
}
_OTHERWISE: dict[tuple[str, str, str], Called | None] = {
    # The read there sees what an update had changed before it had to wait, halfway through its
    # rows: no statement has left the table like that, so nothing is sure of who has seen what.
    ("mysql", "pmp-delete", "read-uncommitted"): None,
    # An update there skips a row whose deletion is not committed: each has seen the other.
    ("mariadb", "pmp-delete", "read-uncommitted"): ("G1c", "circular information flow", "G1c"),
}


def called(engine: str, name: str, level: Isolation) -> Called | None:
    """What a finding of that case is called; None if nothing is sure of it."""
    return _OTHERWISE.get((engine, name, level.slug), _NAMES[name])
