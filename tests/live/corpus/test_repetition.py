"""Whatever is explored again gives the same verdict, the same counts and the same outcomes.

Three times in the ordinary suite, on a few cells of every kind. With HARNESS_REPEATS (a nightly run
sets 10) so many times, and then every scenario's every variant at each of its levels.
"""

import os

import pytest
from live.corpus.bases import CORPUS
from live.corpus.planted import RC, RR

from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from harness.programs import Program
from harness.scenario import scenario_of, scenarios

pytestmark = pytest.mark.integration

SAID = os.environ.get("HARNESS_REPEATS")
REPEATS = int(SAID or 3)

# One of each kind: a lost update, a wait that is refused, a gap with its deadlock, an error, a row
# that moves while it is waited for, a claim that skips.
FEW = (
    "withdrawal/lock-dropped",
    "room/the-bookings-that-are-not-there-locked",
    "member/takes-over-what-is-taken",
    "document/lock-instead-of-a-guard",
    "job/as-it-should-be",
)

FIRST = "problem-2"
"""The one scenario that the ordinary suite repeats: the others take minutes."""


def cells():
    """Scenario, variant and level, by a name."""
    found = {}
    for name in CORPUS if SAID else FEW:
        base, entry = CORPUS[name]
        programs = {f"T{n}": Program(f"T{n}", p) for n, p in enumerate(entry.programs, start=1)}
        scenario = scenario_of(programs, entry.setup or base.setup)
        for level in (RC, RR):
            found[f"{name}-{level.slug}"] = scenario, "current", level
    for name, scenario in scenarios().items() if SAID else ((FIRST, scenarios()[FIRST]),):
        for variant in scenario.variants if SAID else ("current",):
            for level in scenario.isolations if SAID else scenario.isolations[:1]:
                found[f"{name}-{variant}-{level.slug}"] = scenario, variant, level
    return found


CELLS = cells()

UNSTEADY = {
    ("mysql", "billing-c-deletion-locking-read-repeatable-read"): "whether its locking read meets "
    "rows that are deleted and not yet purged is InnoDB's own time: 8 interleavings or 9, with the "
    "same verdict, outcomes and refusals (docs/nightly.md)",
}
"""Where the engine itself differs from run to run, and in what: only the rest is compared."""


def told(target, scenario, variant, level):
    """All that a cell says of itself, except how long it took."""
    cell = explore(
        target, scenario, scenario.variants[variant], level, bounds=Bounds(reduction=True)
    )
    return {
        "verdict": cell.verdict,
        "unknown": cell.unknown,
        "executions": cell.executions,
        "possible": cell.possible,
        "broken": cell.possible_anomalies,
        "waits": cell.possible_waits,
        "deadlocks": cell.possible_deadlocks,
        "outcomes": cell.outcomes,
        "refusals": dict(cell.aborts),
        "finding": cell.finding and (cell.finding.kind, str(cell.finding.schedule)),
        "reproduced": cell.finding and cell.finding.reproduced,
    }


@pytest.mark.parametrize("name", CELLS)
def test_the_same_is_said_each_time(live_server, live_engine, live_engines, name):
    steady = (live_engine, name) not in UNSTEADY
    with live_engines.database(live_engine) as database:
        each = [told(database.target, *CELLS[name]) for _ in range(REPEATS)]
    for one in each:
        assert one["executions"] > 0
        assert one["unknown"] == []
        assert compared(one, counts=steady) == compared(each[0], counts=steady)


def compared(one, *, counts):
    return one if counts else {key: one[key] for key in ("verdict", "outcomes", "refusals")}
