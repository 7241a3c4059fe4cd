"""A deadlock as data, and the change that would remove it.

From who held which row and who wanted which next follows whether the programs lock the same rows in
different orders, or the same row first shared and then exclusively. Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Change = Literal["order", "stronger lock", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Hold:
    """A lock that a session had when it began to wait."""

    turn: int
    statement: str
    shared: bool
    because: str = ""
    """Why a statement locks a row that it does not name; empty if it names it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One session of a deadlock: what it had, what it wanted, and who had that."""

    session: str
    waits_for: str
    turn: int
    statement: str
    table: str | None = None
    row: str | None = None
    """The row it waited for, in words: 'account (id = 1)'. None if that is not known."""
    index: str | None = None
    mode: str | None = None
    """The lock it asked for, in the server's words."""
    gap: bool = False
    """It wanted to insert where another keeps the gap between two rows."""
    held: Hold | None = None
    """The lock on what the member before waited for."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What would remove the deadlock, or why nothing of the kind would."""

    change: Change
    sentence: str
    session: str | None = None
    """Whose program to change."""
    first: str | None = None
    """The row that it should lock first, or in the stronger mode."""
    turn: int | None = None
    """The step before which, or in which."""


def advise(members: Sequence[Member]) -> Advice:
    """The change of one program that would remove the deadlock.

    `members` stand in the order of the cycle: each waits for the next, the last for the first.
    """
    if any(member.gap for member in members):
        return Advice("none", _GAPS)
    if not members or any(member.row is None or member.held is None for member in members):
        return Advice("unknown", "which rows were locked is not known, so no order is suggested")
    rows = {member.row for member in members}
    if len(rows) == 1:
        return _stronger(members)
    movable = [member for member in members if member.held and member.held.turn < member.turn]
    if len(rows) < len(members) or not movable:
        return Advice("none", _ONE_STATEMENT)
    return _order(members, max(movable, key=lambda member: member.session))


_GAPS = (
    "no order of locks removes it: each keeps a gap in which there is no row yet, gap locks do not "
    "exclude each other, and each then inserts into the other's; lock a row that is there first, "
    "such as a parent, or insert without looking before and let the key decide"
)
_ONE_STATEMENT = (
    "no order of statements removes it: the rows are locked inside single statements, in the order "
    "in which the server finds them"
)


def _stronger(members: Sequence[Member]) -> Advice:
    """All had the row shared, and wanted it exclusively."""
    first = min(members, key=lambda member: member.held.turn if member.held else 0)
    held = first.held
    assert held is not None, "asked before"
    names = _and(sorted(member.session for member in members))
    turns = _and([str(m.held.turn) for m in sorted(members, key=lambda m: m.session) if m.held])
    why = f" ({held.because})" if held.because else ""
    how = (
        f"read {first.row} FOR UPDATE before that"
        if held.because
        else f"read {first.row} FOR UPDATE at the first read"
    )
    return Advice(
        "stronger lock",
        f"{names} lock {first.row} shared in turns {turns}{why}, and then each wants it "
        f"exclusively: {how}",
        first.session,
        first.row,
        held.turn,
    )


def _order(members: Sequence[Member], chosen: Member) -> Advice:
    """Each locked in another order: the chosen one is to begin with what it waited for."""
    behind = {member.waits_for: member for member in members}
    said = "; ".join(
        f"{member.session} locks {behind[member.session].row}, then {member.row}"
        for member in sorted(members, key=lambda member: member.session)
    )
    assert chosen.held is not None, "asked before"
    return Advice(
        "order",
        f"{said}: have {chosen.session} lock {chosen.row} first",
        chosen.session,
        chosen.row,
        chosen.held.turn,
    )


def _and(words: Sequence[str]) -> str:
    """Words in a row.

    >>> _and(["T1", "T2", "T3"])
    'T1, T2 and T3'
    """
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
