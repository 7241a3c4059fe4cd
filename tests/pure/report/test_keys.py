"""A reader of documents need not ask which command wrote one."""

import pytest

from harness.report.keys import with_whole_cells

KEYS = {
    *("scenario", "variant", "engine", "version", "source", "isolation", "verdict", "executions"),
    *("complete", "outcomes", "anomalies", "deadlocks", "executions_with_waits", "aborts"),
    *("finding", "elapsed_s"),
}


def whole(**told):
    (cell,) = with_whole_cells({"cells": [told], "missing": []})["cells"]
    return cell


def test_a_cell_has_every_key_and_those_of_its_own():
    cell = whole(scenario="problem-1 at volume", verdict="holds", figures={"p99": 3})
    assert cell.keys() == KEYS | {"figures"}
    assert cell["executions"] is None, "nobody counted them, so there is no number"
    assert (cell["verdict"], cell["figures"]) == ("holds", {"p99": 3})


def test_a_cell_begins_with_what_it_is_of():
    assert list(whole(kills=[], verdict="holds", scenario="drill crash"))[:7] == [
        *("scenario", "variant", "engine", "version", "source", "isolation", "verdict")
    ]


def test_what_a_command_told_stays_as_it_is():
    told = {key: f"the {key}" for key in KEYS - {"finding"}} | {"finding": None}
    assert whole(**told) == told


@pytest.mark.parametrize(
    ("told", "finding"),
    [
        (None, None),
        ({"kind": "invariant", "schedule": "T1"}, {"kind": "invariant", "schedule": "T1"}),
        (["a row is lost"], {"kind": "drill lock-memory", "sentences": ["a row is lost"]}),
    ],
    ids=["none", "whole", "sentences-alone"],
)
def test_a_finding_has_a_kind(told, finding):
    assert whole(scenario="drill lock-memory", finding=told)["finding"] == finding


def test_a_document_without_cells_is_left_alone():
    assert with_whole_cells({"plan": {"redefine": []}}) == {"plan": {"redefine": []}}
