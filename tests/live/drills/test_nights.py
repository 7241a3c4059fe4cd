"""Kill the server in a night, follow the planner: the night comes to the same end.

One or two kills for each engine here; a nightly run sets HARNESS_KILLS (200) for each.
"""

import os
from dataclasses import replace
from datetime import date

import pytest

from harness.checks.verdict import Verdict
from harness.faults.night_moment import NightMoment, night_moments
from harness.jobs.night import chosen_night
from harness.planning.restart import ALL_RULES, Failure, Rule
from harness.recovery.nights import NightDrill, NightSetting

pytestmark = pytest.mark.integration

KILLS = int(os.environ.get("HARNESS_KILLS") or 0)


@pytest.fixture(scope="module")
def setting():
    return NightSetting(chosen_night(None), 0.002, 1, date(2024, 10, 15))


@pytest.fixture(scope="module")
def drill(mortal, setting):
    return NightDrill(mortal, setting)


@pytest.fixture(scope="module")
def peace(drill):
    return drill.in_peace()


@pytest.mark.timeout(300 + 30 * KILLS)
def test_the_night_comes_to_the_same_end(drill, peace):
    """In window 2, when WK1 and WK2 are without log, half written, and needed again."""
    early = NightMoment.parse("committing shaken_extraction_2 1")
    drawn = night_moments(peace.entries, KILLS, seed=4) if KILLS else [early]
    kills = [drill.kill_at(n, moment, peace) for n, moment in enumerate(drawn, start=1)]
    wrong = [f"{kill.moment}: {said}" for kill in kills for said in kill.sentences()]
    assert wrong == []
    assert all(kill.verdict is Verdict.HOLDS for kill in kills)


def test_a_planner_without_a_rule_is_caught(drill, peace):
    """Work tables that a crash has emptied, and nobody fills again."""
    moment = NightMoment.parse("passed T3")
    assert moment in drill.differing(peace.entries, Rule.ALL_WRITERS)
    kill = drill.kill_at(1, moment, peace, ALL_RULES - {Rule.ALL_WRITERS})
    assert kill.verdict is Verdict.VIOLATED, (kill.moment, kill.plan)


@pytest.mark.engines("postgresql")
def test_a_program_that_dies_is_run_again(mortal, peace, setting):
    drill = NightDrill(mortal, replace(setting, failure=Failure.PROGRAM))
    kill = drill.kill_at(1, NightMoment.parse("committing schedule_creation 1"), peace)
    assert (kill.verdict, kill.sentences()) == (Verdict.HOLDS, [])
    assert kill.plan.again == ("schedule_creation",)
