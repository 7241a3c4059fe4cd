"""What one kill showed, and all kills of one server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from harness.checks.durability import Durability
from harness.checks.verdict import Verdict
from harness.faults.moment import Moment
from harness.recovery.timing import Recovery


class Recovered:
    """What a killed server came back with: the comparison with the ledger, and its own trouble."""

    durability: Durability
    trouble: str
    unclear: bool

    @property
    def verdict(self) -> Verdict:
        """Of the comparison with the ledger; one that does not come back is violated by itself."""
        if not self.trouble:
            return self.durability.verdict
        own = Verdict.UNKNOWN if self.unclear else Verdict.VIOLATED
        return Verdict.worst([own, self.durability.verdict])

    def sentences(self) -> list[str]:
        """What is wrong, and what is unknown."""
        return [*([self.trouble] if self.trouble else []), *self.durability.sentences()]


@dataclass(frozen=True)
class Kill(Recovered):
    """One kill, what the comparison said, and how the server came back."""

    number: int
    """From 1."""
    moment: Moment
    durability: Durability
    recovery: Recovery | None
    """None if it did not come back."""
    open_statement: bool = False
    """Whether a statement that writes many rows was with the server when the kill began."""
    hung: int = 0
    """Programs that nobody told that the server is gone."""
    trouble: str = ""
    """Why the server did not come back, or did not write again."""
    unclear: bool = False
    """The trouble is no proof: a deadline passed."""


@dataclass
class CrashCell:
    """All kills of one server, and the comparison of the whole ledger at the end."""

    engine: str
    title: str
    version: str
    source: str
    load: str
    seed: int
    control: str = ""
    """The negative control that it ran with; then it is expected to lose commits."""
    settings: dict[str, str] = field(default_factory=dict)
    """Server settings beyond the profile."""
    kills: list[Kill] = field(default_factory=list)
    final: Durability | None = None
    """After the orderly restart, over all rounds; None if it did not come to that."""
    unknown: list[str] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst of all kills and of the end."""
        verdicts = [kill.verdict for kill in self.kills]
        verdicts.append(Verdict.UNKNOWN if self.final is None else self.final.verdict)
        return Verdict.worst([*verdicts, *(Verdict.UNKNOWN for _ in self.unknown)])

    @property
    def complete(self) -> bool:
        """Whether every kill was made that was to be, and the end seen, and nothing is unknown."""
        if self.final is None or self.unknown:
            return False
        verdicts = [kill.verdict for kill in self.kills]
        return Verdict.UNKNOWN not in [*verdicts, self.final.verdict]

    @property
    def expected(self) -> Verdict:
        """A negative control that loses nothing shows that the drill would not see a loss.

        Where something else is wrong, and nothing lost, that is as bad as anywhere.
        """
        other = self.verdict is Verdict.VIOLATED and not self._loses
        return Verdict.VIOLATED if self.control and not other else Verdict.HOLDS

    @property
    def _loses(self) -> bool:
        told = [kill.durability for kill in self.kills]
        return any(one.lost for one in [*told, *([self.final] if self.final else [])])

    @property
    def counted(self) -> Durability:
        """What all rounds saw together, each transaction once."""
        return summed([kill.durability for kill in self.kills])


def summed(parts: Sequence[Durability]) -> Durability:
    """The comparisons of several rounds as one.

    >>> summed([Durability(acknowledged=2), Durability(acknowledged=3)]).acknowledged
    5
    """
    return Durability(
        sum(part.acknowledged for part in parts),
        sum(part.refused for part in parts),
        sum(part.indeterminate for part in parts),
        sum(part.present for part in parts),
        [ticket for part in parts for ticket in part.lost],
        [ticket for part in parts for ticket in part.surfaced],
        [ticket for part in parts for ticket in part.torn],
        [ticket for part in parts for ticket in part.strangers],
        [sentence for part in parts for sentence in part.broken],
        [reason for part in parts for reason in part.unknown],
    )


class Judged(Protocol):
    """A kill, whatever it was timed by."""

    @property
    def moment(self) -> object: ...

    @property
    def verdict(self) -> Verdict: ...

    def sentences(self) -> list[str]: ...


SomeKill = TypeVar("SomeKill", bound=Judged)


def first_violated(kills: Sequence[SomeKill]) -> SomeKill | None:
    """The first kill that broke something: the one to look at, and to repeat."""
    return next((kill for kill in kills if kill.verdict is Verdict.VIOLATED), None)


def finding_of(kind: str, kills: Sequence[Judged]) -> dict[str, Any] | None:
    """That kill in the form of a search's finding; its moment takes the schedule's place."""
    bad = first_violated(kills)
    if bad is None:
        return None
    return {
        "kind": kind,
        "schedule": str(bad.moment),
        "steps": [],
        "sentences": bad.sentences(),
    }
