"""What a kill in a step shows, and words that are refused."""

from argparse import Namespace
from types import SimpleNamespace

import pytest

from harness.checks.verdict import Verdict
from harness.cli import main
from harness.cli.drill_steps import _again, _Answer, _document, _last_line
from harness.engines import ENGINES
from harness.errors import ServerError
from harness.recovery.stepwise import StepKill, _Trigger, operations
from workloads.billing.replacement.partitions import ExchangeStep
from workloads.billing.replacement.steps import Step


def kill(**said):
    return StepKill("swap", Step.SWAP.value, "as before", "begin again", 1.0, 0.5, **said)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ({}, Verdict.HOLDS),
        ({"wrong": ("bill: has 3 rows",)}, Verdict.VIOLATED),
        ({"unknown": "never began"}, Verdict.UNKNOWN),
        ({"wrong": ("bill: has 3 rows",), "unknown": "never began"}, Verdict.VIOLATED),
    ],
)
def test_what_is_wrong_is_wrong_and_what_did_not_come_is_unknown(said, verdict):
    assert kill(**said).verdict is verdict


def told(*kills, planned):
    work = operations()["billing-replacement"]
    return _Answer(ENGINES["mysql"], "docker", "9.7.4", work, 500, False, planned, list(kills))


def test_a_drill_that_broke_off_does_not_hold():
    whole, broken = told(kill(), kill(), planned=2), told(kill(), planned=2)
    assert (whole.verdict, broken.verdict) == (Verdict.HOLDS, Verdict.UNKNOWN)
    assert [one["complete"] for one in _document([whole, broken])["cells"]] == [True, False]
    assert _last_line(broken).endswith("in 1 of 2 kills; 1 were not made")
    lost = kill(wrong=("bill: has 3 rows",))
    assert told(lost, planned=2).verdict is Verdict.VIOLATED
    assert told(planned=0).verdict is told(planned=2).verdict is Verdict.UNKNOWN


def test_what_broke_is_seen_again_on_a_server_of_the_same_kind():
    broken = told(kill(wrong=("bill: has 3 rows",)), planned=1)
    words = Namespace(amid=True, source="docker", server=[], image=["mysql:8.4"], local_servers=[])
    (line,) = _again(broken, words)
    assert line.endswith("--rows 500 --amid --source docker --image mysql:8.4")


def test_each_way_has_the_steps_that_it_tells():
    work = operations()["billing-replacement"]
    steps = {way.name: set(way.steps) for way in work.ways}
    assert steps["in place"] < steps["swap"] < steps["swap, unlogged"]
    assert steps["swap, unlogged"] == {step.value for step in Step}
    (exchange,) = operations()["billing-partitions"].ways
    assert list(exchange.steps) == [step.value for step in ExchangeStep]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["billing-replacment"], "operation 'billing-replacment': unknown"),
        (["--way", "swop"], "way 'swop': unknown"),
        (["--step", "⑥"], "step '⑥': unknown"),
        (["--rows", "0"], "--rows 0: "),
        (["--server", "mysql://app@127.0.0.1/x"], "drill: a given server is never killed"),
    ],
)
def test_wrong_words_are_refused(words, said, capsys, monkeypatch):
    monkeypatch.delenv("HARNESS_SERVER", raising=False)
    assert main(["drill", "steps", *words]) == 64
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("amid", [False, True])
def test_a_kill_that_the_machine_refused_is_no_kill(amid):
    def refuse():
        raise ServerError("container: cannot be killed")

    trigger = _Trigger(SimpleNamespace(kill=refuse), "load", amid=amid)
    trigger.watch("load")
    with pytest.raises(ServerError, match="cannot be killed"):
        trigger.gone()
