"""What kills in a night showed: a table for people, a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from harness import __version__
from harness.checks.verdict import Verdict
from harness.recovery.kills import finding_of, summed
from harness.recovery.nights import NightKill
from harness.recovery.report import CAVEAT, aligned
from harness.report.keys import with_all_keys

_COLUMNS = ("moment", "kills", "same end", "other end", "unknown", "redefined", "run again")


@dataclass
class NightCell:
    """All kills in the nights of one server."""

    engine: str
    title: str
    version: str
    source: str
    night: str
    placement: str
    work_tables: str
    """How the work tables are had: 'logged', or what stands in for no log."""
    scale: float
    seed: int
    without_rule: str = ""
    """The rule that the planner had to do without: then another end is expected."""
    needless: str = ""
    """Why the same end is expected all the same, in a sentence; empty if it is not."""
    died: str = "the server"
    """What was killed, in words."""
    kills: list[NightKill] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst of all kills; unknown if there was none.

        Of a rule taken away only the ends of the nights tell; an online commit that was lost is
        violated there as well, and never for that reason.
        """
        return Verdict.worst([*self._verdicts, *(Verdict.UNKNOWN for _ in self.unknown)])

    @property
    def complete(self) -> bool:
        """Whether every kill was made that was to be, and none is unknown.

        Of a rule taken away no more are to be made once it is caught.
        """
        return bool(self.kills) and not self.unknown and Verdict.UNKNOWN not in self._verdicts

    @property
    def _verdicts(self) -> list[Verdict]:
        apart = self._is_control and not self.lost_online
        return [kill.of_the_end if apart else kill.verdict for kill in self.kills]

    @property
    def expected(self) -> Verdict:
        """A planner with one rule less must be caught; the server may lose nothing."""
        to_be_caught = self._is_control and not self.lost_online
        return Verdict.VIOLATED if to_be_caught else Verdict.HOLDS

    @property
    def caught(self) -> bool:
        """Whether a night came to another end."""
        return any(kill.of_the_end is Verdict.VIOLATED for kill in self.kills)

    @property
    def lost_online(self) -> bool:
        """Whether what was promised to an online transaction was broken, which no plan can do."""
        online = [kill.online for kill in self.kills if kill.online is not None]
        return any(told.verdict is Verdict.VIOLATED for told in online)

    @property
    def _is_control(self) -> bool:
        return bool(self.without_rule) and not self.needless


def night_text(cell: NightCell) -> Text:
    """Everything that the kills of one server's nights showed."""
    less = f"; planner without the rule: {cell.without_rule}" if cell.without_rule else ""
    heading = (
        f"{cell.title} {cell.version} ({cell.source}), night of {cell.night}, placement "
        f"{cell.placement}, scale {cell.scale:g}, seed {cell.seed}; work tables: "
        f"{cell.work_tables}; killed: {cell.died}{less}"
    )
    lines = [heading, ""]
    if cell.kills:
        lines += aligned([_COLUMNS, *_rows(cell)], left=1)
        lines += ["", _online(cell)]
    wrong = [
        f"kill {kill.number}, {kill.moment}: {sentence}"
        for kill in cell.kills
        for sentence in kill.sentences()
    ]
    lines += ["", *wrong, *(f"unknown: {reason}" for reason in cell.unknown)]
    return Text("\n".join(lines).rstrip())


def night_verdict_line(cell: NightCell) -> str:
    """The verdict with its coverage, and whether that was expected."""
    same = sum(kill.of_the_end is Verdict.HOLDS for kill in cell.kills)
    what = (
        f"{cell.title} {cell.version}: {same} of {len(cell.kills)} nights with a kill came to the "
        f"end of the night in peace; work tables {cell.work_tables}"
    )
    if cell.lost_online:
        what += "; online transactions beside them did not end as they were told to"
    if not cell.without_rule:
        return f"{cell.verdict.value}: {what}"
    caught = "caught" if cell.caught else "not caught"
    if cell.needless and not cell.caught:
        caught = f"not needed here, as {cell.needless}"
    return f"{cell.verdict.value}: {what}; planner without '{cell.without_rule}': {caught}"


def night_document(cells: Sequence[NightCell]) -> dict[str, Any]:
    """The document of a run, in the shape of all documents."""
    return {"harness": __version__, "caveat": CAVEAT, "cells": [_cell(cell) for cell in cells]}


def _rows(cell: NightCell) -> Iterator[Sequence[str]]:
    for event in dict.fromkeys(kill.moment.event for kill in cell.kills):
        yield _row(event, [kill for kill in cell.kills if kill.moment.event == event])
    yield _row("all", cell.kills)


def _row(name: str, kills: Sequence[NightKill]) -> Sequence[str]:
    verdicts = [kill.of_the_end for kill in kills]
    plans = [kill.plan for kill in kills if kill.plan is not None]
    numbers = (
        len(kills),
        verdicts.count(Verdict.HOLDS),
        verdicts.count(Verdict.VIOLATED),
        verdicts.count(Verdict.UNKNOWN),
        sum(len(plan.redefine) for plan in plans),
        sum(len(plan.again) for plan in plans),
    )
    return (name, *(str(number) for number in numbers))


def _online(cell: NightCell) -> str:
    told = summed([kill.online for kill in cell.kills if kill.online is not None])
    return (
        f"online transactions beside the nights: {told.acknowledged:,} acknowledged, "
        f"{len(told.lost):,} lost; {told.refused:,} refused, {len(told.surfaced):,} there; "
        f"{told.indeterminate:,} indeterminate, {told.present:,} present"
    )


def _cell(cell: NightCell) -> dict[str, Any]:
    told = {
        "scenario": "drill crash --night",
        "variant": f"without '{cell.without_rule}'" if cell.without_rule else "all rules",
        "engine": cell.engine,
        "version": cell.version,
        "source": cell.source,
        "verdict": cell.verdict.value,
        "expected": cell.expected.value,
        "needless": cell.needless or None,
        "night": cell.night,
        "placement": cell.placement,
        "work_tables": cell.work_tables,
        "died": cell.died,
        "scale": cell.scale,
        "seed": cell.seed,
        "executions": len(cell.kills),
        "complete": cell.complete,
        "anomalies": sum(kill.verdict is Verdict.VIOLATED for kill in cell.kills),
        "kills": [_kill(kill) for kill in cell.kills],
        "unknown": list(cell.unknown),
        "finding": finding_of("night", cell.kills),
        "elapsed_s": round(cell.elapsed_s, 3),
    }
    return with_all_keys(told)


def _kill(kill: NightKill) -> dict[str, Any]:
    plan = kill.plan
    return {
        "number": kill.number,
        "moment": str(kill.moment),
        "verdict": kill.verdict.value,
        "sentences": kill.sentences(),
        "restart_s": None if kill.restart_s is None else round(kill.restart_s, 3),
        "plan": None
        if plan is None
        else {
            "redefine": list(plan.redefine),
            "again": list(plan.again),
            "resume": list(plan.resume),
            "unneeded": list(plan.unneeded),
            "cautions": list(plan.cautions),
        },
    }
