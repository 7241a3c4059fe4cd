"""The JSON document of a run. Its keys are an interface: more may be added, none renamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from harness import __version__
from harness.checks.anomaly import Anomaly
from harness.interleave.cell import Cell, Finding
from harness.interleave.execution import Deadlock, Execution, Turn


def document(cells: Sequence[Cell]) -> dict[str, Any]:
    """The whole document."""
    return {"harness": __version__, "cells": [cell_of(cell) for cell in cells]}


def cell_of(cell: Cell) -> dict[str, Any]:
    """One cell."""
    return {
        "scenario": cell.scenario,
        "variant": cell.variant,
        "engine": cell.engine,
        "version": cell.version,
        "source": cell.source,
        "isolation": cell.isolation.slug,
        "verdict": cell.verdict.value,
        "expected": cell.expected.value if cell.expected else None,
        "coverage": cell.coverage(),
        "executions": cell.executions,
        "possible": cell.possible,
        "complete": cell.complete,
        "outcomes": cell.outcomes,
        "anomalies": cell.anomalies,
        "possible_anomalies": cell.possible_anomalies,
        "possible_waits": cell.possible_waits,
        "possible_deadlocks": cell.possible_deadlocks,
        "deadlocks": cell.deadlocks,
        "rounds": cell.rounds,
        "rounds_broken": cell.rounds_broken,
        "deadlock": _deadlock(cell.deadlock) if cell.deadlock else None,
        "executions_with_waits": cell.executions_with_waits,
        "aborts": dict(sorted(cell.aborts.items())),
        "programs": dict(cell.programs),
        "unknown": list(cell.unknown),
        "hints": list(cell.hints),
        "notes": list(cell.notes),
        "finding": finding_of(cell.finding) if cell.finding else None,
        "workers": cell.workers,
        "elapsed_s": round(cell.elapsed_s, 3),
    }


def finding_of(finding: Finding) -> dict[str, Any]:
    """The shortest execution that broke something."""
    return {
        "kind": finding.kind,
        "anomaly": _anomaly(finding.anomaly) if finding.anomaly else None,
        "sentences": list(finding.sentences),
        "schedule": str(finding.schedule),
        "reproduced": finding.reproduced,
        **execution_of(finding.execution),
    }


def _anomaly(anomaly: Anomaly) -> dict[str, Any]:
    return {
        "name": anomaly.name,
        "title": anomaly.title,
        "phenomenon": anomaly.phenomenon,
        "source": anomaly.source,
        "dependencies": [
            {
                "kind": dependency.kind.value,
                "from": dependency.source,
                "to": dependency.target,
                "table": dependency.table,
                "row": dependency.row or None,
                "from_turn": dependency.source_turn,
                "to_turn": dependency.target_turn,
                "by_predicate": dependency.by_predicate,
            }
            for dependency in anomaly.cycle
        ],
    }


def execution_of(execution: Execution) -> dict[str, Any]:
    """An execution: its steps, its deadlocks, and how the programs ended."""
    return {
        "steps": [_step(turn) for turn in execution.turns],
        "deadlocks": [_deadlock(deadlock) for deadlock in execution.deadlocks],
        "ends": {name: end.readable() for name, end in execution.ends.items()},
    }


def _deadlock(deadlock: Deadlock) -> dict[str, Any]:
    return {
        "turn": deadlock.turn,
        "cycle": list(deadlock.cycle),
        "victim": deadlock.victim,
        "code": deadlock.refusal.code,
        "lines": list(deadlock.lines),
        "members": [asdict(member) for member in deadlock.members],
        "advice": asdict(deadlock.advice) if deadlock.advice else None,
    }


def _step(turn: Turn) -> dict[str, Any]:
    effect = turn.effect
    return {
        "turn": turn.number,
        "session": turn.session,
        "kind": turn.step.kind.value,
        "statement": turn.step.readable(),
        "movable": list(turn.movable),
        "waits_for": list(turn.wait.blockers) if turn.wait else None,
        "waits_on": turn.wait.on if turn.wait else None,
        "settled_in": turn.settled_in,
        "answer": effect.readable() if effect else "done" if turn.settled_in else None,
        "error": effect.error.refusal.code
        if effect and effect.error and effect.error.refusal
        else None,
    }
