"""The lines around the table: what was refused, what is news, and the verdict in one paragraph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.checks.verdict import Verdict
from harness.interleave.cell import Cell


def name_of(cell: Cell) -> str:
    """Which cell: engine, isolation level and variant."""
    return f"{cell.title} {cell.version}, {cell.isolation.title}, {cell.variant}"


def first_word(cell: Cell) -> str:
    """What is said of a cell as soon as it is known; short, for it is a line among many."""
    if cell.recorded is not None:
        how = " in one recorded execution"
    elif cell.verdict is Verdict.VIOLATED:
        how = f" in {cell.possible_anomalies} of {cell.possible} interleavings"
    elif cell.verdict is Verdict.HOLDS:
        how = f" in all {cell.possible} interleavings"
    else:
        how = f" after {executions(cell.executions)}"
    return f"{name_of(cell)}: {cell.verdict.value}{how}, {cell.elapsed_s:.1f} s"


def refused_work(cells: Sequence[Cell]) -> Iterator[str]:
    """A fix that holds may still make the server refuse work: say where, and which locks."""
    said = set()
    for cell in cells:
        if cell.deadlock is None or cell.verdict is not Verdict.HOLDS:
            continue
        if (cell.engine, cell.variant) not in said:
            lines = [*cell.deadlock.lines] or ["the server does not tell which locks"]
            if cell.deadlock.advice is not None:
                lines.append(cell.deadlock.advice.sentence)
            count = f"{cell.possible_deadlocks} of {cell.possible} interleavings"
            yield "\n  ".join([f"{name_of(cell)}: holds, with a deadlock in {count}", *lines])
        said.add((cell.engine, cell.variant))


def last_paragraph(cells: Sequence[Cell]) -> Iterator[str]:
    """Why something is unknown, what is news, and how many cells have which verdict."""
    for cell in cells:
        yield from (f"unknown: {name_of(cell)}: {reason}" for reason in cell.unknown)
    yield from dict.fromkeys(f"  hint: {hint}" for cell in cells for hint in cell.hints)
    yield from dict.fromkeys(f"note: {note}" for cell in cells for note in cell.notes)
    for cell in cells:
        if is_news(cell) and cell.expected is not None:
            expected = f"expected {cell.expected.value}, {cell.verdict.value}"
            yield f"news: {name_of(cell)}: {expected}"
    for verdict in (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.HOLDS):
        alike = [cell for cell in cells if cell.verdict is verdict]
        if alike:
            yield f"{verdict.value}: {_counted(alike, cells)}"
    yield from _names(cells)
    elapsed_s = sum(cell.elapsed_s for cell in cells)
    run, possible = sum(c.executions for c in cells), sum(c.possible for c in cells)
    others = f", which stand for {possible} possible interleavings" if possible != run else ""
    yield f"{executions(run)} on a live server{others}, {elapsed_s:.1f} s"


def _names(cells: Sequence[Cell]) -> Iterator[str]:
    """The textbook anomalies that findings are, with how many of them."""
    findings = [cell.finding for cell in cells if cell.finding is not None]
    counts = Counter(
        f"{finding.anomaly.name}, {finding.anomaly.title}"
        for finding in findings
        if finding.anomaly is not None
    )
    for name, count in sorted(counts.items()):
        yield name if len(findings) == 1 else f"{name}: in {count} of {len(findings)} findings"


def is_news(cell: Cell) -> bool:
    """Whether the verdict is known, and not the one that was expected ('holds' if none was)."""
    return cell.verdict is not Verdict.UNKNOWN and not cell.as_expected()


def executions(count: int) -> str:
    """A number of executions.

    >>> executions(1), executions(14)
    ('1 execution', '14 executions')
    """
    return f"{count} execution{'' if count == 1 else 's'}"


def _counted(alike: Sequence[Cell], cells: Sequence[Cell]) -> str:
    if len(cells) == 1:
        cell = cells[0]
        broken = f"{cell.possible_anomalies} broken; " if cell.anomalies else ""
        return f"{broken}{cell.coverage()}, {name_of(cell)}"
    text = f"{len(alike)} of {len(cells)} cells"
    foreseen = [cell for cell in alike if cell.expected is not None]
    if not foreseen:
        return text
    as_expected = sum(cell.as_expected() for cell in foreseen)
    return f"{text}, {'all' if as_expected == len(alike) else as_expected} as expected"
