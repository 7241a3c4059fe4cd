"""What a kill in a step shows, and words that are refused."""

import pytest

from harness.checks.verdict import Verdict
from harness.cli import main
from harness.recovery.stepwise import StepKill, operations
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


def test_each_way_has_the_steps_that_it_tells():
    (work,) = operations().values()
    steps = {way.name: set(way.steps) for way in work.ways}
    assert steps["in place"] < steps["swap"] < steps["swap, unlogged"]
    assert steps["swap, unlogged"] == {step.value for step in Step}


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
