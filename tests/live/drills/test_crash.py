"""Kill real servers under load: no acknowledged commit is lost, and careless settings are caught.

A dozen kills are spread over the engines here; a nightly run sets HARNESS_KILLS (200) for each.
"""

import os

import pytest
from live.drills.conftest import durable

from harness.checks.verdict import Verdict
from harness.faults.moment import KINDS, Kind, Moment, moments
from harness.recovery.crash import CrashDrill
from harness.recovery.entries import ENTRIES
from harness.recovery.kills import summed
from harness.servers.databases import fresh_database

pytestmark = pytest.mark.integration

KILLS = int(os.environ.get("HARNESS_KILLS") or len(Kind))


@pytest.fixture
def drill(mortal):
    with fresh_database(mortal) as url:
        made = CrashDrill(mortal, url, ENTRIES)
        made.prepare()
        yield made


@pytest.mark.timeout(120 + 15 * KILLS)
def test_no_acknowledged_commit_is_lost_and_no_refused_one_is_there(drill, mortal):
    kills = [drill.kill_at(n, moment) for n, moment in enumerate(moments(KILLS, seed=11), start=1)]
    wrong = [sentence for kill in kills for sentence in kill.sentences()]
    assert wrong == []
    assert all(kill.verdict is Verdict.HOLDS for kill in kills)
    told = summed([kill.durability for kill in kills])
    assert told.refused > 0, "the load is refused now and then"
    final = drill.finish()
    assert (final.verdict, final.sentences()) == (Verdict.HOLDS, [])
    assert final.acknowledged > told.acknowledged, "it writes after its orderly restart"


def test_recovery_is_told_in_parts(drill, mortal):
    recovery = drill.kill_at(1, Moment.parse("after commit 20")).recovery
    assert recovery is not None
    assert 0 < recovery.start_s <= recovery.first_commit_s
    assert recovery.replay_s is not None, mortal.log()[-4000:]
    assert recovery.replay_s <= recovery.start_s + recovery.log_resolution_s
    assert recovery.log_bytes is not None
    assert recovery.log_bytes > 0
    assert recovery.refused == 0


def test_a_commit_that_was_never_sent_is_not_there_and_an_acknowledged_one_is(drill):
    for text in ("before commit 3", "after commit 3"):
        kill = drill.kill_at(1, Moment.parse(text))
        assert kill.verdict is Verdict.HOLDS, kill.sentences()
        assert kill.durability.acknowledged >= 2


def test_negative_controls_are_seen_to_lose_acknowledged_commits(live_engine, mortal):
    """Else the drill would not see a loss; `mortal` skips where there is no server."""
    for settings in mortal.engine.crash.controls.values():
        with durable(live_engine, **settings) as server, fresh_database(server) as url:
            careless = CrashDrill(server, url, ENTRIES)
            careless.prepare()
            kills = [
                careless.kill_at(number, moment)
                for number, moment in enumerate(moments(3, 5, KINDS["random"]), start=1)
            ]
            lost = summed([kill.durability for kill in kills]).lost
            assert lost, "no acknowledged commit was lost"
            assert Verdict.worst(kill.verdict for kill in kills) is Verdict.VIOLATED
