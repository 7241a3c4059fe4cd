"""Whatever is explored again gives the same verdict, the same counts and the same outcomes.

Three times in the ordinary suite, on a few cells of every kind. With HARNESS_REPEATS (a nightly run
sets 10) so many times, and then every scenario's every variant at each of its levels.
"""

import os
from contextlib import contextmanager

import pytest
from live.corpus.bases import CORPUS
from live.corpus.planted import RC, RR
from sqlalchemy import NullPool, create_engine

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

DELETION = scenarios()["billing-c"]
PURGED = {f"billing-c-deletion-locking-read-{level.slug}": level for level in DELETION.isolations}
"""On MySQL: cells in which a locking read meets rows that are deleted, or purged already, as InnoDB
finds the time. So they have 8 interleavings or 9, with the same verdict, outcomes and refusals
(docs/nightly.md): they are compared without counts, and whole while the purge is held back."""

UNSTEADY = {"mysql": PURGED, "postgresql": {"problem-3-three-jobs-addition-read-committed"}}
"""Where the engine itself differs from run to run. When a changed row is committed, those who wait
for it behind each other race for its new version in PostgreSQL: the last may go first."""


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
    with live_engines.database(live_engine) as database:
        each = [told(database.target, *CELLS[name]) for _ in range(REPEATS)]
    compare(each, counts=name not in UNSTEADY.get(live_engine, ()))


@pytest.mark.engines("mysql")
@pytest.mark.parametrize("level", PURGED.values(), ids=PURGED)
def test_the_same_is_said_each_time_while_nothing_is_purged(
    live_server, live_engine, live_engines, level
):
    each = []
    with live_engines.database(live_engine) as database:
        for _ in range(REPEATS):
            with purge_held_back(database.url):
                each.append(told(database.target, DELETION, "deletion-locking-read", level))
    compare(each, counts=True)


@contextmanager
def purge_held_back(url):
    """InnoDB keeps each deleted row for as long as a snapshot is open that shows it."""
    database = create_engine(url, isolation_level="REPEATABLE READ", poolclass=NullPool)
    with database.connect() as connection:
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        yield


def compare(each, *, counts):
    keys = each[0] if counts else ("verdict", "outcomes", "deadlocks", "refusals")
    for one in each:
        assert one["executions"] > 0
        assert one["unknown"] == []
        assert {key: one[key] for key in keys} == {key: each[0][key] for key in keys}
