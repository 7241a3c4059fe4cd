"""One row of the matrix on a live engine, as `harness anomalies` explores it."""

import json
from pathlib import Path

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.cell import Cell, Target
from harness.interleave.execution import Execution
from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from harness.report.matrix import Answer
from workloads.anomalies import Anomaly, anomalies

STORED = json.loads(Path(__file__).with_name("expected.json").read_text(encoding="utf-8"))
EXPECTED = STORED["matrix"]
NAMES = [anomaly.name for anomaly in anomalies()]


def explored_by(target: Target, anomaly: Anomaly, *, reduction: bool = False) -> list[Answer]:
    """All four levels, one after the other."""
    return [_one(target, anomaly, level, reduction=reduction) for level in Isolation]


def _one(target: Target, anomaly: Anomaly, level: Isolation, *, reduction: bool) -> Answer:
    executions: list[Execution] = []

    def watch(cell: Cell, _fraction: float) -> None:
        assert cell.latest is not None
        executions.append(cell.latest)

    cell = explore(
        target,
        anomaly.scenario,
        anomaly.scenario.variants["current"],
        level,
        bounds=Bounds(reduction=reduction),
        watch=watch,
    )
    told = cell.verdict is Verdict.HOLDS and not reduction
    return Answer(anomaly.title, cell, anomaly.prevented_by(executions) if told else {})
