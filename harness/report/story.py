"""A finding told to a person: the drawing, the contradiction, the command that shows it again."""

from __future__ import annotations

from harness.checks.verdict import Verdict
from harness.interleave.cell import Cell, Finding
from harness.interleave.execution import Execution
from harness.report.lanes import lanes


def finding_story(cell: Cell, again: str, width: int) -> str:
    """The shortest execution that broke the cell, and why it is broken."""
    finding = cell.finding
    assert finding is not None, "a story needs a finding"
    if not finding.execution.turns:
        return _free_story(cell, finding, again)
    seen = "" if finding.reproduced else " (not seen again when its schedule was run once more)"
    return "\n".join(
        [
            f"{_where(cell)}: {finding.kind}{seen}",
            "",
            lanes(finding.execution, cell.programs, width),
            *_deadlocks(finding.execution),
            "",
            *finding.sentences,
            *_named(finding),
            "",
            f"again: {again}",
        ]
    )


def _named(finding: Finding) -> list[str]:
    """The textbook anomaly that it is, with the dependencies that make it one."""
    anomaly = finding.anomaly
    if anomaly is None:
        return []
    return ["", anomaly.readable(), *(f"  {edge.readable()}" for edge in anomaly.cycle)]


def _free_story(cell: Cell, finding: Finding, again: str) -> str:
    """A round in which nothing was held: there are ends to tell, and no turns."""
    ends = [f"{name} {end.readable()}" for name, end in finding.execution.ends.items()]
    return "\n".join(
        [
            f"{_where(cell)}: {finding.kind}",
            "",
            f"No order of whole statements breaks it, but {cell.rounds_broken} of {cell.rounds}",
            "rounds in which the programs ran freely beside each other did: their statements",
            "overlapped inside the server. In the first of them",
            *(f"  {end}" for end in ends),
            "",
            *finding.sentences,
            "",
            f"again: {again}",
        ]
    )


def recorded_story(cell: Cell, width: int) -> str:
    """The one execution that a recorded schedule led to."""
    assert cell.recorded is not None, "nothing was recorded"
    parts = [
        f"{_where(cell)}: {cell.recorded.schedule()}",
        "",
        lanes(cell.recorded, cell.programs, width),
        *_deadlocks(cell.recorded),
        "",
    ]
    if cell.finding is not None:
        parts += [f"violated: {cell.finding.kind}", *cell.finding.sentences, *_named(cell.finding)]
    elif cell.verdict is Verdict.HOLDS:
        parts.append("holds in this one execution; run without --schedule to try all the others")
    parts += [f"unknown: {reason}" for reason in cell.unknown]
    return "\n".join(parts)


def _where(cell: Cell) -> str:
    return f"{cell.variant}, {cell.title} {cell.version}, {cell.isolation.title}"


def _deadlocks(execution: Execution) -> list[str]:
    lines = []
    for deadlock in execution.deadlocks:
        code = deadlock.refusal.code
        victim = f"the server gave up {deadlock.victim} ({code})"
        lines.append(f"deadlock in turn {deadlock.turn}: {victim}")
        lines += [f"  {line}" for line in deadlock.lines]
        if deadlock.advice is not None:
            lines.append(f"  {deadlock.advice.sentence}")
    return lines
