"""Problems 1 and 3 of the exam on live engines: every variant gives the verdict that is known."""

import pytest

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from workloads.vehicle_maintenance.problems.problem_1 import LONGEST_WAIT, PROBLEM_1
from workloads.vehicle_maintenance.problems.problem_3 import PROBLEM_3

pytestmark = pytest.mark.integration

# At repeatable read the same waits come about; the search of the longer programs is left out.
BOOKINGS = ("booking", "booking-commit-per-order")
WAITS = [(name, Isolation.READ_COMMITTED) for name in PROBLEM_1.variants] + [
    (name, Isolation.REPEATABLE_READ) for name in BOOKINGS
]


def explored(database, scenario, name, isolation):
    variant, bounds = scenario.variants[name], Bounds(reduction=True)
    cell = explore(database.target, scenario, variant, isolation, bounds=bounds)
    assert cell.complete, cell.unknown
    assert not cell.unknown
    assert cell.verdict is cell.expected
    if cell.verdict is Verdict.VIOLATED:
        assert cell.finding.reproduced
    return cell


@pytest.mark.parametrize(("name", "isolation"), WAITS, ids=lambda part: getattr(part, "slug", part))
def test_who_waits_for_report_creation_and_for_how_long(database, name, isolation):
    cell = explored(database, PROBLEM_1, name, isolation)
    assert cell.executions == cell.possible, "none is left out where the wait itself is judged"
    assert cell.possible_waits > 0
    if cell.verdict is Verdict.VIOLATED:
        assert cell.finding.kind == "wait"
        assert (
            f"at most {LONGEST_WAIT} is what it may have to wait for" in cell.finding.sentences[0]
        )


@pytest.mark.parametrize("isolation", PROBLEM_3.isolations, ids=lambda level: level.slug)
@pytest.mark.parametrize("name", PROBLEM_3.variants)
def test_parallel_jobs_deadlock_or_lose_points_or_neither(database, name, isolation):
    cell = explored(database, PROBLEM_3, name, isolation)
    deadlocks = name in {"current", "locking-read"}
    assert (cell.deadlocks > 0) == deadlocks
    if cell.verdict is Verdict.VIOLATED and not deadlocks:
        assert cell.finding.kind == "not serializable"
        assert "inspection_sheet.actual_points" in " ".join(cell.finding.sentences)
