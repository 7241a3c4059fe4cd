"""Which textbook anomaly a cycle of dependencies is.

The names are Adya's ("Weak Consistency", 1999: G0, G1a, G1b, G1c, G-single, G2-item, G2), those of
Berenson et al. ("A Critique of ANSI SQL Isolation Levels", 1995: P4, A5A, A5B, fuzzy read, phantom)
and of Bailis et al. ("Highly Available Transactions", 2014: OTV, PMP), as Hermitage uses them.
Nothing is named without a cycle, or a dirty read, of which every part is known for sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from harness.checks.dependencies import Dependency, DirtyRead, Evidence, Kind

Cycle = tuple[Dependency, ...]

_ADYA_SINGLE = "Adya 1999, 4.1.1"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A textbook anomaly, and the dependencies that make it one."""

    name: str
    """Its short name: 'P4'."""
    title: str
    """Its name in words: 'lost update'."""
    phenomenon: str
    """Adya's class: 'G-single'."""
    source: str
    """Where it is defined."""
    cycle: Cycle

    def readable(self) -> str:
        """The name in one line.

        >>> Anomaly("P4", "lost update", "G-single", "Berenson et al. 1995, 4.1", ()).readable()
        'P4, lost update (a case of G-single; Berenson et al. 1995, 4.1)'
        """
        case = "" if self.name == self.phenomenon else f"a case of {self.phenomenon}; "
        return f"{self.name}, {self.title} ({case}{self.source})"


def anomaly_of(evidence: Evidence) -> Anomaly | None:
    """The worst anomaly that the evidence shows; None if it shows none for sure."""
    cycles = [cycle for ring in evidence.rings() for cycle in _cycles(ring, evidence)]
    dirty = sorted(evidence.dirty_reads, key=lambda read: not read.aborted)
    return (
        _write_cycle(cycles)
        or (_dirty(dirty[0]) if dirty else None)
        or _circular(cycles)
        or _single(cycles, evidence)
        or _anti(cycles)
    )


def _cycles(ring: tuple[str, ...], evidence: Evidence) -> Iterator[Cycle]:
    """Ways to go around a ring, one dependency from each transaction to the next.

    Of a ring of two all are told, as their rows and turns decide on the name; of a longer one, one
    for each kind.
    """
    steps = zip(ring, (*ring[1:], ring[0]), strict=True)
    choices = [evidence.between(*step) for step in steps]
    if len(ring) > 2:
        choices = [list({(d.kind, d.by_predicate): d for d in some}.values()) for some in choices]
    yield from product(*choices)


def _kinds(cycle: Cycle) -> list[Kind]:
    return [dependency.kind for dependency in cycle]


def _write_cycle(cycles: Sequence[Cycle]) -> Anomaly | None:
    for cycle in cycles:
        if set(_kinds(cycle)) == {Kind.WW}:
            return Anomaly("G0", "write cycle", "G0", "Adya 1999, 3.2.1", cycle)
    return None


def _dirty(read: DirtyRead) -> Anomaly:
    if read.aborted:
        name, title = "G1a", "aborted read"
    else:
        name, title = "G1b", "intermediate read"
    return Anomaly(name, title, name, "Adya 1999, 3.2.2", (read.dependency,))


def _circular(cycles: Sequence[Cycle]) -> Anomaly | None:
    for cycle in cycles:
        if Kind.RW not in _kinds(cycle):
            return Anomaly("G1c", "circular information flow", "G1c", "Adya 1999, 3.2.2", cycle)
    return None


def _single(cycles: Sequence[Cycle], evidence: Evidence) -> Anomaly | None:
    """A cycle with exactly one anti-dependency; the best known of its names."""
    found = [
        _named_single(cycle, evidence) for cycle in cycles if _kinds(cycle).count(Kind.RW) == 1
    ]
    return min(found, key=lambda pair: (pair[0], len(pair[1].cycle)))[1] if found else None


def _named_single(cycle: Cycle, evidence: Evidence) -> tuple[int, Anomaly]:
    """The anomaly, with how well readers know its name: the smaller the better."""
    read, back = sorted(cycle[:2], key=lambda dependency: dependency.kind is not Kind.RW)
    if len(cycle) == 2 and back.kind is Kind.WR:
        return _two_reads(cycle, read, back)
    if len(cycle) == 2 and _same_row(read, back) and _is_lost(read, back, evidence):
        source = "Berenson et al. 1995, 4.1"
        return 0, Anomaly("P4", "lost update", "G-single", source, cycle)
    title = "one anti-dependency in a cycle"
    return 5, Anomaly("G-single", title, "G-single", _ADYA_SINGLE, cycle)


def _two_reads(cycle: Cycle, old: Dependency, new: Dependency) -> tuple[int, Anomaly]:
    """One read saw a transaction's change, and another did not."""
    bailis = "Bailis et al. 2014, appendix A"
    if new.target_turn < old.source_turn:
        return 4, Anomaly("OTV", "observed transaction vanishes", "G-single", bailis, cycle)
    if not _same_row(old, new):
        source = f"{_ADYA_SINGLE}; A5A of Berenson et al. 1995"
        return 3, Anomaly("G-single", "read skew", "G-single", source, cycle)
    if old.by_predicate or new.by_predicate:
        source = f"{bailis}; P3 of Berenson et al. 1995"
        return 1, Anomaly("PMP", "phantom", "G-single", source, cycle)
    source = f"{_ADYA_SINGLE}; P2 of Berenson et al. 1995"
    return 2, Anomaly("G-single", "fuzzy read", "G-single", source, cycle)


def _same_row(one: Dependency, other: Dependency) -> bool:
    return one.item == other.item and bool(one.row)


def _is_lost(read: Dependency, back: Dependency, evidence: Evidence) -> bool:
    """Whether the write came after the read, and did not look at what it overwrote."""
    looked = any(
        d.kind is Kind.WR and d.item == back.item and d.target_turn == back.target_turn
        for d in evidence.between(back.source, back.target)
    )
    return read.source_turn < back.target_turn and not looked and not read.by_predicate


def _anti(cycles: Sequence[Cycle]) -> Anomaly | None:
    """A cycle with several anti-dependencies, by rows if there is one, else by predicates."""
    found = [cycle for cycle in cycles if _kinds(cycle).count(Kind.RW) > 1]
    if not found:
        return None
    cycle = min(found, key=lambda c: (len(c), sum(d.by_predicate for d in c)))
    skew = "write skew" if len(cycle) == 2 else "anti-dependency cycle"
    if not any(d.by_predicate for d in cycle if d.kind is Kind.RW):
        source = "Adya 1999, 3.2.4" + ("; A5B of Berenson et al. 1995" if len(cycle) == 2 else "")
        return Anomaly("G2-item", skew, "G2-item", source, cycle)
    return Anomaly("G2", f"{skew} by a predicate", "G2", "Adya 1999, 3.2.3", cycle)
