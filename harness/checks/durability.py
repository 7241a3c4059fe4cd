"""Durability: what was promised, compared with what the tables hold after a kill.

The rule is the same for every engine. What was acknowledged is there, whole. What was refused, or
never asked to be committed, is not. Where nobody said, either is right, but whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.checks.verdict import Verdict
from harness.outcome import Committed, Indeterminate, Outcome

_NAMED = 5


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """Names one transaction, in the ledger and in the rows that it writes.

    >>> print(Ticket("w1", 17))
    w1/17
    """

    writer: str
    number: int
    """From 1, never used again."""

    def __str__(self) -> str:
        return f"{self.writer}/{self.number}"


@dataclass(frozen=True, slots=True)
class Promise:
    """How a transaction ended, as its program was told."""

    ticket: Ticket
    outcome: Outcome


@dataclass(frozen=True)
class Durability:
    """The comparison of a ledger with the tables."""

    acknowledged: int = 0
    refused: int = 0
    indeterminate: int = 0
    present: int = 0
    """Indeterminate transactions that are there."""
    lost: Sequence[Ticket] = ()
    """Acknowledged, and not there."""
    surfaced: Sequence[Ticket] = ()
    """Refused or never asked to be committed, and there all the same."""
    torn: Sequence[Ticket] = ()
    """There in part: no transaction was ever that."""
    strangers: Sequence[Ticket] = ()
    """There, and in no ledger."""
    broken: Sequence[str] = ()
    """What else is wrong with the tables, in sentences."""
    unknown: Sequence[str] = ()
    """Why it cannot be judged."""

    @property
    def absent(self) -> int:
        """Indeterminate transactions that are not there."""
        return self.indeterminate - self.present

    @property
    def verdict(self) -> Verdict:
        """Violated if anything is wrong; unknown if nothing was at stake, or could be read."""
        if self.lost or self.surfaced or self.torn or self.strangers or self.broken:
            return Verdict.VIOLATED
        return Verdict.UNKNOWN if self.unknown else Verdict.HOLDS

    def sentences(self) -> list[str]:
        """What is wrong, and what is unknown, each with the transactions it is about.

        >>> Durability(acknowledged=2, lost=[Ticket("w1", 2)]).sentences()
        ['1 of 2 acknowledged transactions is lost: w1/2']
        """
        said = []
        if self.lost:
            of = f"{len(self.lost)} of {self.acknowledged} acknowledged transactions"
            said.append(f"{of} {_are(self.lost)} lost: {_some(self.lost)}")
        if self.surfaced:
            of = f"{len(self.surfaced)} of {self.refused} refused transactions"
            said.append(f"{of} {_are(self.surfaced)} there all the same: {_some(self.surfaced)}")
        if self.torn:
            said.append(f"{len(self.torn)} {_are(self.torn)} there in part: {_some(self.torn)}")
        if self.strangers:
            there = f"{len(self.strangers)} {_are(self.strangers)} there and in no ledger"
            said.append(f"{there}: {_some(self.strangers)}")
        return [*said, *self.broken, *(f"unknown: {reason}" for reason in self.unknown)]


def judge(
    promises: Sequence[Promise],
    held: Mapping[Ticket, bool] | None,
    broken: Sequence[str] = (),
) -> Durability:
    """Compare a ledger with the tables.

    `held` says for each transaction that left rows whether all of its rows are there; None if the
    tables could not be read. `broken` are other complaints about the tables.
    """
    outcomes = {promise.ticket: promise.outcome for promise in promises}
    acknowledged = {t for t, outcome in outcomes.items() if isinstance(outcome, Committed)}
    open_ended = {t for t, outcome in outcomes.items() if isinstance(outcome, Indeterminate)}
    refused = outcomes.keys() - acknowledged - open_ended
    counts = Durability(len(acknowledged), len(refused), len(open_ended))
    if held is None:
        return replace(counts, unknown=("the tables could not be read",))
    at_stake = () if acknowledged else ("no commit was acknowledged: nothing was at stake",)
    return replace(
        counts,
        present=len(open_ended & held.keys()),
        lost=tuple(sorted(acknowledged - held.keys())),
        surfaced=tuple(sorted(refused & held.keys())),
        torn=tuple(sorted(ticket for ticket, whole in held.items() if not whole)),
        strangers=tuple(sorted(held.keys() - outcomes.keys())),
        broken=tuple(broken),
        unknown=at_stake,
    )


def _are(tickets: Sequence[Ticket]) -> str:
    return "is" if len(tickets) == 1 else "are"


def _some(tickets: Sequence[Ticket]) -> str:
    named = ", ".join(str(ticket) for ticket in tickets[:_NAMED])
    rest = len(tickets) - _NAMED
    return f"{named} and {rest} more" if rest > 0 else named
