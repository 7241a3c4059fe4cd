"""Does it tell the truth? Every planted bug is found where it can break, and nothing else accused.

What is known of each is reasoned out beside it (`live.corpus`), not taken from a run. A verdict of
unknown is wrong either way.
"""

import pytest
from live.corpus.bases import CORPUS
from live.corpus.planted import RC, RR, Planted

from harness.checks.verdict import Verdict
from harness.interleave.explore import explore
from harness.interleave.search import Bounds
from harness.programs import Program
from harness.scenario import scenario_of

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def target(live_engine, live_engines):
    """One database for the whole corpus: every exploration makes its tables and drops them."""
    with live_engines.database(live_engine) as database:
        yield database.target


def verdict(target, base, entry: Planted, isolation) -> tuple[Verdict, list[str]]:
    programs = {f"T{n}": Program(f"T{n}", p) for n, p in enumerate(entry.programs, start=1)}
    scenario = scenario_of(programs, entry.setup or base.setup)
    cell = explore(
        target,
        scenario,
        scenario.variants["current"],
        isolation,
        bounds=Bounds(reduction=True),
    )
    return cell.verdict, cell.unknown


@pytest.mark.parametrize("name", CORPUS)
def test_what_is_planted_is_found_and_nothing_else(live_server, target, live_engine, name):
    base, entry = CORPUS[name]
    found = {level.title: verdict(target, base, entry, level) for level in (RC, RR)}
    known = {
        level.title: (
            Verdict.VIOLATED if entry.breaks_on(live_engine, level) else Verdict.HOLDS,
            [],
        )
        for level in (RC, RR)
    }
    assert found == known, entry.why


def test_what_cannot_be_told_is_neither_found_nor_fine(live_server, target):
    def fail(connection):
        raise ValueError("always")

    base, _ = CORPUS["withdrawal/as-it-should-be"]
    entry = Planted("fails", [fail, fail], "It fails even alone: nothing to compare with.")
    said, reasons = verdict(target, base, entry, RC)
    assert said is Verdict.UNKNOWN
    assert "raised ValueError: always" in reasons[0]
