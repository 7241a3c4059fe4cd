"""The reduced search must find what the full search finds: nothing less, on real servers."""

import os

import pytest
from live.interleave.reduction import (
    METADATA,
    STATEMENTS,
    found,
    generated,
    program,
    scenario_of,
    three_generated,
)

from harness.engines import Isolation
from harness.interleave.explore import Bounds, explore
from harness.interleave.footprint import Footprint

pytestmark = pytest.mark.integration

SAID = os.environ.get("HARNESS_REPEATS")
"""How many times as many programs a nightly run compares."""

LEVELS = (Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE)


@pytest.mark.parametrize("isolation", LEVELS, ids=lambda level: level.slug)
@pytest.mark.parametrize("seed", range(8))
def test_reduced_search_finds_what_the_full_search_finds(database, isolation, seed):
    scenario = generated(seed)
    full = found(database, scenario, isolation, reduction=False)
    assert found(database, scenario, isolation, reduction=True) == full


@pytest.mark.parametrize("isolation", LEVELS if SAID else LEVELS[:2], ids=lambda level: level.slug)
@pytest.mark.parametrize("seed", range(8 * int(SAID) if SAID else 2))
def test_it_does_with_three_programs(database, isolation, seed):
    scenario = three_generated(seed)
    full = found(database, scenario, isolation, reduction=False)
    assert found(database, scenario, isolation, reduction=True) == full


def test_search_that_takes_conflicts_for_none_misses_outcomes(database, monkeypatch):
    """The check above has teeth: without conflicts one execution is left, and outcomes are lost."""
    monkeypatch.setattr(Footprint, "conflicts", lambda *_args, **_named: False)
    two_updates = ("SELECT pieces FROM stock WHERE item = 1", STATEMENTS[5])
    scenario = scenario_of("lost", METADATA, program(two_updates), program(two_updates))
    full = found(database, scenario, Isolation.READ_COMMITTED, reduction=False)
    assert found(database, scenario, Isolation.READ_COMMITTED, reduction=True) != full


def test_programs_that_share_nothing_need_one_execution(database):
    one, other = [STATEMENTS[5], STATEMENTS[6]], [STATEMENTS[8], STATEMENTS[11]]
    scenario = scenario_of("apart", METADATA, program(one), program(other))
    cell = explore(
        database.target,
        scenario,
        scenario.variants["generated"],
        Isolation.READ_COMMITTED,
        bounds=Bounds(reduction=True),
    )
    assert (cell.executions, cell.possible) == (1, 20)
