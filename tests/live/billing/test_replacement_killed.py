"""The server killed in the steps of the replacement: recovered, and nothing lost."""

import os
from dataclasses import replace

import pytest
from live.drills.conftest import mortal  # noqa: F401 - a fixture

from harness.checks.verdict import Verdict
from harness.recovery.stepwise import StepDrill
from harness.servers import asking
from workloads.billing.replacement.killed import PARTITIONS, REPLACEMENT
from workloads.billing.replacement.partitions import ExchangeStep
from workloads.billing.replacement.steps import Step

pytestmark = pytest.mark.integration

ROWS = 60
WAYS = {way.name: way for way in REPLACEMENT.ways}

# Every step where runs are repeated, in the night; else the ones that leave most behind.
KILLS = (
    [(way.name, step) for way in REPLACEMENT.ways for step in way.steps]
    if "HARNESS_REPEATS" in os.environ
    else [
        ("in place", Step.LOAD_LINES.value),
        ("swap", Step.SWAP.value),
        ("swap, unlogged", Step.LOGGED.value),
    ]
)


EXCHANGE_KILLS = list(ExchangeStep) if "HARNESS_REPEATS" in os.environ else [ExchangeStep.HALF]


@pytest.fixture
def drill(mortal):  # noqa: F811 - asks for the fixture
    made = StepDrill(mortal, REPLACEMENT, ROWS)
    made.prepare()
    return made


@pytest.mark.timeout(60 + 30 * len(KILLS))
def test_a_server_killed_in_a_step_loses_nothing(drill, mortal):  # noqa: F811
    for name, step in KILLS:
        way = WAYS[name]
        if way.offered(mortal.engine):
            kill = drill.kill_in(way, step)
            assert (kill.verdict, kill.wrong, kill.unknown) == (Verdict.HOLDS, (), ""), kill


@pytest.mark.engines("postgresql")
def test_killed_while_a_step_is_at_work_nothing_is_lost(drill):
    kill = drill.kill_in(WAYS["swap"], Step.LOAD_LINES.value, amid=True)
    assert kill.verdict is Verdict.HOLDS, kill


@pytest.mark.engines("postgresql")
def test_a_recovery_that_does_nothing_is_seen(mortal):  # noqa: F811
    """It says that all is done, and nothing is."""
    careless = replace(REPLACEMENT, recover=lambda *_: True)
    made = StepDrill(mortal, careless, ROWS)
    made.prepare()
    kill = made.kill_in(WAYS["swap"], Step.EXTRACT.value)
    assert kill.verdict is Verdict.VIOLATED
    assert any(said.startswith("bill: has ") for said in kill.wrong), kill.wrong
    assert any(said.startswith("left behind: ") for said in kill.wrong), kill.wrong


@pytest.mark.engines("postgresql")
def test_a_recovery_that_fails_is_wrong_only_where_the_server_lives(mortal):  # noqa: F811
    def fails(engine, url, _folder):
        asking.tell(engine, url, ["DROP TABLE bill_nobody_made"])

    def dies(*words):
        mortal.kill()
        fails(*words)

    made = StepDrill(mortal, replace(REPLACEMENT, recover=fails), ROWS)
    made.prepare()
    kill = made.kill_in(WAYS["swap"], Step.EXTRACT.value)
    assert (kill.verdict, kill.recovered) == (Verdict.VIOLATED, "failed")
    assert "bill_nobody_made" in kill.wrong[0]
    made = StepDrill(mortal, replace(REPLACEMENT, recover=dies), ROWS)
    made.prepare()
    try:
        with pytest.raises(mortal.engine.driver_error):
            made.kill_in(WAYS["swap"], Step.EXTRACT.value)
    finally:
        mortal.restart()


@pytest.mark.engines("postgresql")
def test_a_step_that_never_begins_shows_nothing(drill, mortal):  # noqa: F811
    kill = drill.kill_in(WAYS["in place"], Step.SWAP.value)
    assert kill.verdict is Verdict.UNKNOWN
    assert "never began" in kill.unknown


@pytest.mark.timeout(60 + 30 * len(EXCHANGE_KILLS))
def test_a_server_killed_in_an_exchange_of_partitions_loses_nothing(mortal):  # noqa: F811
    made = StepDrill(mortal, PARTITIONS, ROWS)
    made.prepare()
    (way,) = PARTITIONS.ways
    for step in EXCHANGE_KILLS:
        kill = made.kill_in(way, step.value)
        assert (kill.verdict, kill.wrong, kill.unknown) == (Verdict.HOLDS, (), ""), kill


@pytest.mark.engines("mariadb")
def test_an_exchange_that_stays_half_done_is_seen(mortal):  # noqa: F811
    """Where it is not all one transaction, and the recovery says that all is done."""
    made = StepDrill(mortal, replace(PARTITIONS, recover=lambda *_: True), ROWS)
    made.prepare()
    (way,) = PARTITIONS.ways
    kill = made.kill_in(way, ExchangeStep.HALF.value)
    assert kill.verdict is Verdict.VIOLATED
    assert [said.partition(":")[0] for said in kill.wrong] == ["bill_line", "left behind"]
