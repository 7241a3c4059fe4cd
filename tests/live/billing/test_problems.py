"""The billing problems: every variant gives the verdict that is known of it."""

import os
from dataclasses import replace

import pytest

from harness.checks.verdict import Verdict
from harness.engines import Isolation
from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from workloads.billing.problems import scenarios
from workloads.billing.problems.problem_a import PROBLEM_A
from workloads.billing.problems.problem_c import PROBLEM_C

pytestmark = pytest.mark.integration

REDUCED = Bounds(reduction=True)

ALL_LEVELS = "HARNESS_REPEATS" in os.environ
"""Of problems A and B only one variant differs between the levels; the nightly table has all."""

BOTH_LEVELS = "commit-per-range-payment"


def levels_of(engine, scenario, variant):
    """The levels at which a variant is explored; one that says as much as all where that is so.

    Where a transaction keeps one snapshot, problem A has fewer executions that differ, except where
    the first read that locks nothing may take it.
    """
    if ALL_LEVELS or scenario is PROBLEM_C or variant.name == BOTH_LEVELS:
        return scenario.isolations
    shorter = scenario is PROBLEM_A and engine != "mysql"
    return (Isolation.REPEATABLE_READ if shorter else Isolation.READ_COMMITTED,)


CELLS = [
    pytest.param(scenario, variant, id=f"{scenario.name} {variant.name}")
    for scenario in scenarios()
    for variant in scenario.variants.values()
]

# What a finding says of a variant, whatever the engine: the shortest execution shows it.
SAYS = {
    "current": (
        "member 1: billed 2 times in 2024-10",
        "one unit of work took 4 lines; its log holds 3",
        "shown with 1200 yen, and has 3600 yen",
    ),
    "unique-date-midnight": ("member 1: billed 2 times in 2024-10",),
    "restart-date": ("member 2: billed 2 times in 2024-10",),
    "figure-4-undone": ("shown with 3600 yen, and never was there",),
    "commit-every-rows": ("bill 2: shown with 1840 yen, and has 2760 yen",),
    "commit-per-range-payment": ("T2: the server refused delete 2",),
    "deletion-by-rows": ("bill 2: shown with 1840 yen, and has 2760 yen",),
}


@pytest.mark.parametrize(("scenario", "variant"), CELLS)
def test_a_variant_gives_the_verdict_that_is_known_of_it(database, scenario, variant):
    for isolation in levels_of(database.kind, scenario, variant):
        gives_the_known_verdict(database.target, scenario, variant, isolation)


def gives_the_known_verdict(target, scenario, variant, isolation):
    cell = explore(target, scenario, variant, isolation, bounds=REDUCED)
    assert cell.verdict is cell.expected, isolation.slug
    assert cell.complete, cell.unknown
    assert not cell.unknown
    assert not cell.deadlocks
    if cell.verdict is Verdict.VIOLATED:
        assert cell.finding.reproduced
        assert cell.finding.kind in {"results", "invariant 'within the limit'"}
        assert any(text in cell.finding.sentences[0] for text in SAYS[variant.name])


@pytest.mark.parametrize("level", PROBLEM_C.isolations, ids=lambda level: level.slug)
def test_a_plain_inquiry_never_waits_for_the_deletion_and_a_locking_one_does(database, level):
    """The exam has readers wait at REPEATABLE READ: servers that keep versions do not."""
    plain, locking = (
        explore(database.target, PROBLEM_C, PROBLEM_C.variants[name], level, bounds=REDUCED)
        for name in ("deletion", "deletion-locking-read")
    )
    assert (plain.executions_with_waits, plain.aborts) == (0, {})
    assert locking.executions_with_waits > 0


def test_at_serializable_a_plain_inquiry_waits_where_it_locks(database):
    """InnoDB turns plain reads into locking ones at this level only."""
    variant = PROBLEM_C.variants["deletion"]
    at_level = {name: replace(one, isolation=None) for name, one in variant.programs.items()}
    cell = explore(
        database.target,
        PROBLEM_C,
        replace(variant, programs=at_level),
        Isolation.SERIALIZABLE,
        bounds=REDUCED,
    )
    assert bool(cell.executions_with_waits) is (database.kind != "postgresql")
