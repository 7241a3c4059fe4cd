"""What crash drills showed: a table for people, a document for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from harness import __version__
from harness.checks.durability import Durability
from harness.checks.verdict import Verdict
from harness.faults.moment import Kind
from harness.recovery.kills import CrashCell, Kill, finding_of, summed
from harness.recovery.timing import Recovery
from harness.report.keys import with_all_keys

CAVEAT = (
    "A kill ends processes; it is no power cut. What the operating system had been given survives "
    "it, so this says nothing of disks, of their caches, or of a machine that goes down."
)

_COLUMNS = (
    "moment",
    "kills",
    "acknowledged",
    "lost",
    "refused",
    "there",
    "indeterminate",
    "present",
    "torn",
)
_PARTS: Sequence[tuple[str, Callable[[Recovery], float | None]]] = (
    ("kill", lambda r: r.kill_s),
    ("detection", lambda r: r.detection_s),
    ("refused starts", lambda r: r.refused_s),
    ("start to first answer", lambda r: r.start_s),
    ("  replay, by the server's log", lambda r: r.replay_s),
    ("start to first commit", lambda r: r.first_commit_s),
    ("undo after opening, by the server's log", lambda r: r.undo_s),
)
_BY_LOG = "by the server's log"
_COARSE_S = 0.5
_GAP = "  "


def crash_text(cell: CrashCell) -> Text:
    """Everything that one server's kills showed."""
    lines: list[str] = [_heading(cell), ""]
    lines += aligned([_COLUMNS, *_rows(cell)], left=1)
    lines += ["", *_recovery_lines(cell)]
    if cell.final is not None:
        lines += ["", f"after an orderly restart, the whole ledger: {_whole(cell.final)}"]
    lines += ["", *_wrong(cell)]
    return Text("\n".join(lines).rstrip())


def verdict_line(cell: CrashCell) -> str:
    """The verdict with its coverage, and whether that was expected."""
    counted = cell.counted
    what = (
        f"{cell.title} {cell.version}: {len(cell.kills)} kills, {counted.acknowledged} commits "
        f"acknowledged, {len(counted.lost)} lost"
    )
    if cell.verdict is cell.expected:
        expected = ", as a negative control must" if cell.control else ""
        return f"{cell.verdict.value}: {what}{expected}"
    if cell.control and not cell.counted.lost:
        return f"{cell.verdict.value}: {what}: the negative control was not caught"
    return f"{cell.verdict.value}: {what}"


def crash_document(cells: Sequence[CrashCell]) -> dict[str, Any]:
    """The document of a run, in the shape of all documents."""
    return {"harness": __version__, "caveat": CAVEAT, "cells": [_cell(cell) for cell in cells]}


def _heading(cell: CrashCell) -> str:
    control = f"; negative control {cell.control}" if cell.control else ""
    return (
        f"{cell.title} {cell.version} ({cell.source}), profile durable{control}; "
        f"load '{cell.load}', seed {cell.seed}"
    )


def _rows(cell: CrashCell) -> Iterator[Sequence[str]]:
    for kind in Kind:
        kills = [kill for kill in cell.kills if kill.moment.kind is kind]
        if kills:
            yield _row(_named(kind, kills), kills)
    if cell.kills:
        yield _row("all", cell.kills)


def _named(kind: Kind, kills: Sequence[Kill]) -> str:
    if kind is not Kind.IN_STATEMENT:
        return str(kind.value)
    met = sum(kill.open_statement for kill in kills)
    return f"{kind.value} ({met} met it)"


def _row(name: str, kills: Sequence[Kill]) -> Sequence[str]:
    told = summed([kill.durability for kill in kills])
    numbers = (
        len(kills),
        told.acknowledged,
        len(told.lost),
        told.refused,
        len(told.surfaced),
        told.indeterminate,
        told.present,
        len(told.torn),
    )
    return (name, *(f"{number:,}" for number in numbers))


def _recovery_lines(cell: CrashCell) -> list[str]:
    recoveries = [kill.recovery for kill in cell.kills if kill.recovery is not None]
    if not recoveries:
        return ["no recovery was measured"]
    rows = [("seconds", "lowest", "median", "highest", "measured")]
    coarse = max(r.log_resolution_s for r in recoveries)
    for name, part in _PARTS:
        finest = coarse if name.endswith(_BY_LOG) else 0.0
        rows.append((name, *_spread([part(r) for r in recoveries], "{:.3f}", finest)))
    sizes = _spread([r.log_bytes for r in recoveries], "{:,.0f}")
    rows.append(("log since the last checkpoint, bytes", *sizes))
    lines = aligned(rows, left=1)
    refused = sum(r.refused for r in recoveries)
    if refused:
        lines.append(f"{refused} starts were refused and tried again")
    if coarse >= _COARSE_S:
        lines.append(f"the server's log tells the time in steps of {coarse:g} s")
    return lines


def _spread(
    values: Sequence[float | None], form: str, finest: float = 0.0
) -> tuple[str, str, str, str]:
    """Lowest, median, highest; what a coarse clock shows as nothing is less than its step."""
    known = [value for value in values if value is not None]
    if not known:
        return ("-", "-", "-", f"0 of {len(values)}")
    said = [
        f"< {finest:g}" if finest >= _COARSE_S and value < finest else form.format(value)
        for value in (min(known), median(known), max(known))
    ]
    return (said[0], said[1], said[2], f"{len(known)} of {len(values)}")


def _whole(final: Durability) -> str:
    """What nobody had said counts as it was found after its kill, unless that was not seen."""
    said = (
        f"{final.acknowledged:,} acknowledged or found after their kill, {len(final.lost):,} lost; "
        f"{final.refused:,} refused or not found, {len(final.surfaced):,} there"
    )
    if not final.indeterminate:
        return said
    return (
        f"{said}; {final.indeterminate:,} indeterminate, {final.present:,} present and "
        f"{final.absent:,} absent (either is right)"
    )


def _wrong(cell: CrashCell) -> list[str]:
    lines = [
        f"kill {kill.number}, {kill.moment}: {sentence}"
        for kill in cell.kills
        for sentence in kill.sentences()
    ]
    if cell.final is not None:
        lines += [f"at the end: {sentence}" for sentence in cell.final.sentences()]
    return [*lines, *(f"unknown: {reason}" for reason in cell.unknown)]


def aligned(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Names to the left, numbers to the right."""
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        _GAP.join(
            text + room if place < left else room + text
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
            for room in [" " * (width - cell_len(text))]  # a Japanese letter takes two cells
        ).rstrip()
        for row in rows
    ]


def _cell(cell: CrashCell) -> dict[str, Any]:
    counted = cell.counted
    told = {
        "scenario": "drill crash",
        "variant": cell.control or "durable",
        "engine": cell.engine,
        "version": cell.version,
        "source": cell.source,
        "verdict": cell.verdict.value,
        "expected": cell.expected.value,
        "load": cell.load,
        "seed": cell.seed,
        "settings": dict(cell.settings),
        "executions": len(cell.kills),
        "complete": cell.complete,
        "anomalies": sum(kill.verdict is Verdict.VIOLATED for kill in cell.kills),
        "ledger": durability_document(counted),
        "final": None if cell.final is None else durability_document(cell.final),
        "kills": [_kill(kill) for kill in cell.kills],
        "unknown": list(cell.unknown),
        "finding": finding_of("durability", cell.kills),
        "elapsed_s": round(cell.elapsed_s, 3),
    }
    return with_all_keys(told)


def _kill(kill: Kill) -> dict[str, Any]:
    return {
        "number": kill.number,
        "moment": str(kill.moment),
        "verdict": kill.verdict.value,
        "open_statement": kill.open_statement,
        "hung": kill.hung,
        "trouble": kill.trouble or None,
        "ledger": durability_document(kill.durability),
        "recovery": _rounded(asdict(kill.recovery)) if kill.recovery else None,
    }


def _rounded(parts: Mapping[str, float | None]) -> dict[str, float | None]:
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in parts.items()
    }


def durability_document(told: Durability) -> dict[str, Any]:
    """A comparison of a ledger with the tables, as values."""
    return {
        "acknowledged": told.acknowledged,
        "lost": [str(ticket) for ticket in told.lost],
        "refused": told.refused,
        "surfaced": [str(ticket) for ticket in told.surfaced],
        "indeterminate": told.indeterminate,
        "present": told.present,
        "torn": [str(ticket) for ticket in told.torn],
        "strangers": [str(ticket) for ticket in told.strangers],
        "broken": list(told.broken),
        "verdict": told.verdict.value,
    }
