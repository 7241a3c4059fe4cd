"""Two stored replays beside each other."""

import json

import pytest
from pure.cli.conftest import harness, state  # noqa: F401 - fixtures

SETTING = {
    "day": "shop",
    "programs": ["inquiry"],
    "batch": "none",
    "scale": 1.0,
    "seed": 1,
    "business_date": "2024-10-15",
    "arrivals": "poisson",
    "attempts": 5,
    "speed": 60.0,
    "duration_s": None,
    "processes": 2,
    "connections": 8,
    "lag_bound_s": 0.02,
}


def cell(p99_s=0.01, setting=None, **changes):
    latency = {"p50_s": 0.004, "p99_s": p99_s}
    program = {"latency": latency, "retries": 3, "ends": {"refused": 0}}
    return {
        "engine": "postgresql",
        "isolation": "read-committed",
        "version": "18.6",
        "verdict": "holds",
        "unknown": [],
        "complete": True,
        "transactions_per_s": 100.0,
        "lag": {"p99_s": 0.001},
        "setting": SETTING | (setting or {}),
        "programs": {"inquiry": program},
    } | changes


@pytest.fixture
def compare(harness, tmp_path):  # noqa: F811 - asks for the fixture
    def run(before, behind, *words):
        for name, found in (("one", before), ("two", behind)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "run.json").write_text(json.dumps({"cells": [found]}), "utf-8")
        return harness("replay", "compare", "one", "two/run.json", *words)

    return run


def test_equal_runs_are_compared(compare):
    said = compare(cell(), cell(p99_s=0.02), "--json", "out.json")
    assert said.status == 0, said.err
    assert said.out.splitlines()[-1] == "compared: 1 replay"
    assert ["inquiry", "p99", "ms", "10.0", "20.0", "2.00"] in [
        line.split() for line in said.out.splitlines()
    ]


def test_a_latency_beyond_the_tolerance_is_worse(compare):
    said = compare(cell(), cell(p99_s=0.02), "--tolerance", "1.5")
    assert said.status == 1
    where = "postgresql, read committed"
    assert said.out.splitlines()[-1] == f"worse: {where}: inquiry p99 ms: 10.0, 20.0"


def test_a_latency_within_the_tolerance_is_not(compare):
    said = compare(cell(), cell(p99_s=0.011), "--tolerance", "1.5")
    assert said.status == 0
    assert said.out.splitlines()[-1] == "compared: 1 replay, none worse than 1.5 times"


@pytest.mark.parametrize(
    ("behind", "why"),
    [
        (cell(setting={"scale": 2.0}), "scale is 1.0 and 2.0"),
        (cell(complete=False), "the second run is incomplete"),
        (
            cell(verdict="violated", unknown=["the generator did not keep up"]),
            "the second run is unknown: the generator did not keep up",
        ),
        (
            cell(verdict="unknown", unknown=["the generator did not keep up"]),
            "the second run is unknown: the generator did not keep up",
        ),
    ],
)
def test_what_does_not_mean_the_same_is_unknown(compare, behind, why):
    said = compare(cell(), behind)
    assert said.status == 2
    assert said.out.splitlines()[-1] == f"unknown: postgresql, read committed: {why}"


def test_what_was_done_differently_is_said(compare):
    said = compare(cell(), cell(setting={"batch": "beside"}, version="18.7"))
    assert said.status == 0
    assert "different: batch is none and beside" in said.out
    assert "different: version is 18.6 and 18.7" in said.out


def test_runs_that_share_no_engine_are_refused(compare):
    said = compare(cell(), cell(engine="mysql"))
    assert said.status == 64
    assert "share no engine" in said.err


@pytest.mark.parametrize(
    ("text", "why"),
    [("[1]", "is no replay"), ("{", "is no JSON document"), ('{"cells": [{}]}', "is no replay")],
)
def test_what_is_no_replay_is_refused(harness, tmp_path, text, why):  # noqa: F811 - as above
    (tmp_path / "x.json").write_text(text, "utf-8")
    said = harness("replay", "compare", "x.json", "x.json")
    assert (said.status, why in said.err) == (64, True)


def test_a_run_that_is_not_there_is_refused(harness):  # noqa: F811 - as above
    said = harness("replay", "compare", "none", "none")
    assert (said.status, said.err) == (
        64,
        "run 'none': cannot be read: no such file or directory\n"
        "  hint: `harness replay day` says where it stored its run\n",
    )


def test_a_count_is_whole_and_left_out_where_nothing_was_counted(compare):
    """Refusals are 0 in both runs here, retries 3."""
    said = compare(cell(), cell())
    assert ["inquiry", "retries", "3", "3", "1.00"] in [ln.split() for ln in said.out.splitlines()]
    assert "refused" not in said.out


def test_a_count_that_is_zero_in_one_run_only_is_shown(compare):
    other = cell()
    other["programs"]["inquiry"]["ends"] = {"refused": 2}
    said = compare(cell(), other)
    assert ["inquiry", "refused", "0", "2", "-"] in [ln.split() for ln in said.out.splitlines()]
