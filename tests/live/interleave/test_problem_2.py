"""Problem 2 of the exam on live engines: every variant gives the verdict that is known of it."""

import pytest

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import explore
from workloads.vehicle_maintenance.problems.problem_2 import PROBLEM_2

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("isolation", PROBLEM_2.isolations, ids=lambda level: level.slug),
]


RUNS = {("current", Isolation.READ_COMMITTED): 2}
"""A second run of the longest cell counts the same as the first; of more: `corpus`."""


@pytest.mark.parametrize("variant", PROBLEM_2.variants.values(), ids=PROBLEM_2.variants)
def test_a_variant_gives_the_verdict_that_is_known_of_it(database, variant, isolation):
    cell, *again = (
        explore(database.target, PROBLEM_2, variant, isolation)
        for _ in range(RUNS.get((variant.name, isolation), 1))
    )
    assert cell.verdict is cell.expected
    assert cell.complete, cell.unknown
    assert not cell.unknown
    if cell.verdict is Verdict.VIOLATED:
        assert cell.finding.kind == "invariant 'the current arrangement never goes down'"
        assert cell.finding.reproduced
        assert "current arrangement went down from 7," in cell.finding.sentences[0]
    assert [counted(one) for one in again] == [counted(cell)] * len(again)


def counted(cell):
    """What must be the same in every run of a cell."""
    return (
        cell.verdict,
        cell.executions,
        cell.possible,
        cell.outcomes,
        cell.anomalies,
        cell.executions_with_waits,
        cell.deadlocks,
        cell.aborts,
        str(cell.finding.schedule) if cell.finding else None,
    )
