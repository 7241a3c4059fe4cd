"""What a monitor saw, as values, as lines to read and as the stored record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from harness.operations.seen import Deadlock, WaitRow
from harness.operations.series import NOT_AVAILABLE, Summary
from harness.operations.server_log import LogReport

State = Literal["answers", "silent", "gone", "unwatched"]


@dataclass(frozen=True, slots=True)
class Spell:
    """A time during which the server was in one state."""

    from_s: float
    """Seconds since the monitor began at which it was first seen so."""
    state: State
    """'silent': no answer, though its process lives or is not ours to look at; 'gone': its process
    has ended; 'unwatched': nobody asked any more, for the monitor itself failed."""
    words: str = ""
    """What was seen: how the process ended, what the driver said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What watching took, by the monitor's own clock."""

    samples: int
    asked_s: float
    """Time spent in asking, all samples together."""
    longest_s: float
    """The longest sample: also for how long the server once let it wait."""
    elapsed_s: float
    skipped: int = 0
    """Samples left out because the one before took longer than the pause."""

    @property
    def per_sample_s(self) -> float:
        """The mean."""
        return self.asked_s / self.samples if self.samples else 0.0

    @property
    def share(self) -> float:
        """Of the run's time, 0 to 1."""
        return self.asked_s / self.elapsed_s if self.elapsed_s > 0 else 0.0


@dataclass(frozen=True)
class Report:
    """Everything that a monitor saw up to a moment."""

    engine: str
    version: str
    every_s: float
    figures: Mapping[str, Summary]
    waits: Sequence[WaitRow]
    deadlocks: Sequence[Deadlock]
    log: LogReport
    spells: Sequence[Spell]
    cost: Cost
    points: Mapping[str, Sequence[tuple[float, float]]]
    """Every figure's samples: seconds since the beginning, value; counters from 0 on."""

    @property
    def alive(self) -> bool:
        """Whether the server answered when it was asked last."""
        return bool(self.spells) and self.spells[-1].state == "answers"

    def not_seen(self) -> Sequence[str]:
        """Which figures are unknown for which time, and why; none if it answered all the time."""
        said = []
        for number, spell in enumerate(self.spells):
            if spell.state != "answers":
                following = self.spells[number + 1 : number + 2]
                until = f"to {following[0].from_s:.1f} s" if following else "on"
                said.append(
                    f"lock waits, deadlocks and figures from {spell.from_s:.1f} s {until} are "
                    f"unknown: the server {_STATES[spell.state]}" + _behind(spell.words)
                )
        return said if self.spells else ["lock waits, deadlocks and figures are unknown"]

    def unseen_deadlocks(self) -> int:
        """Deadlocks that the server counted and did not tell: it keeps only the newest."""
        counted = self.figures["deadlocks"].total
        return max(0, round(counted) - len(self.deadlocks)) if counted is not None else 0

    def document(self) -> dict[str, Any]:
        """The record that is stored with a run, as JSON takes it."""
        return {
            "engine": self.engine,
            "version": self.version,
            "every_s": self.every_s,
            "figures": {name: _summary(found) for name, found in self.figures.items()},
            "waits": [asdict(row) for row in self.waits],
            "deadlocks": [{**asdict(one), "cycle": one.cycle} for one in self.deadlocks],
            "deadlocks_not_told": self.unseen_deadlocks(),
            "log": {
                "counts": dict(self.log.counts),
                "lines": [asdict(line) for line in self.log.lines],
                "missing": self.log.missing,
            },
            "spells": [asdict(spell) for spell in self.spells],
            "cost": {
                **asdict(self.cost),
                "per_sample_s": self.cost.per_sample_s,
                "share": self.cost.share,
            },
            "points": {
                name: [[round(at, 3), value] for at, value in found]
                for name, found in self.points.items()
                if found
            },
        }

    def lines(self) -> Iterator[str]:
        """What a person should know beside the table of figures."""
        for spell in self.spells[1:] if self.alive and len(self.spells) == 1 else self.spells:
            said = _STATES[spell.state] + _behind(spell.words)
            yield f"from {spell.from_s:.1f} s the server {said}"
        for row in self.waits:
            yield (
                f"{row.waiting} waited for {row.blocking} on {row.table}: {row.times} times seen, "
                f"longest {row.longest_s:.2f} s ({row.on})"
            )
        for deadlock in self.deadlocks:
            yield f"deadlock at {deadlock.at_s:.1f} s: {deadlock.readable()}"
        if unseen := self.unseen_deadlocks():
            yield f"{unseen} more deadlocks were counted by the server and are not told"
        if self.log.missing:
            yield f"log: {NOT_AVAILABLE}: {self.log.missing}"
        if self.log.counts:
            counts = ", ".join(f"{count} {word}" for word, count in self.log.counts.items())
            yield f"log: {counts}"
            for line in self.log.lines:
                if line.severity != "note":
                    yield f"  {line.word}: {line.text.splitlines()[0][:200]}"
        cost = self.cost
        yield (
            f"watching: {cost.samples} samples, {cost.per_sample_s * 1000:.1f} ms each, "
            f"{cost.share:.2%} of {cost.elapsed_s:.1f} s; a wait between two samples is not seen"
        )


_STATES: Mapping[State, str] = {
    "answers": "answers",
    "silent": "does not answer",
    "gone": "is gone",
    "unwatched": "is not watched any more",
}


def _behind(words: str) -> str:
    return f": {words}" if words else ""


def _summary(found: Summary) -> dict[str, Any]:
    """A figure: its values, or the sentence that says why there are none."""
    if not found.available:
        return {"title": found.figure.title, "available": False, "missing": found.missing}
    values = {key: getattr(found, key) for key in ("low", "mean", "high", "last", "total")}
    return {
        "title": found.figure.title,
        "kind": found.figure.kind,
        "available": True,
        "unit": found.unit,
        "samples": found.samples,
        **{key: None if value is None else round(value, 6) for key, value in values.items()},
    }
