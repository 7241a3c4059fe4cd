"""The JSON document: its keys are an interface, and other programs read it."""

import json
from dataclasses import replace

import pytest
from pure.report.made import LOST_UPDATE, cell, execution_with_a_deadlock, unknown, violated

from harness import __version__
from harness.checks.deadlock import Advice, Hold, Member
from harness.checks.verdict import Verdict
from harness.report.document import cell_of, document, execution_of

CELL = {
    *("scenario", "variant", "engine", "version", "isolation", "verdict", "executions"),
    *("complete", "outcomes", "anomalies", "deadlocks", "executions_with_waits", "aborts"),
    *("finding", "elapsed_s"),
}
FINDING = {"kind", "schedule", "steps"}


def test_a_document_is_the_version_and_the_cells() -> None:
    content = document([violated(), cell(Verdict.HOLDS)])
    assert content.keys() == {"harness", "cells"}
    assert content["harness"] == __version__
    assert [entry["verdict"] for entry in content["cells"]] == ["violated", "holds"]


@pytest.mark.parametrize(
    "made", [violated(), cell(Verdict.HOLDS), unknown("why")], ids=["violated", "holds", "unknown"]
)
def test_a_cell_has_the_keys_that_were_promised(made) -> None:
    """More may be added; none of these is renamed."""
    assert cell_of(made).keys() >= CELL


def test_a_finding_has_the_keys_that_were_promised() -> None:
    assert cell_of(violated())["finding"].keys() >= FINDING


def test_a_cell_without_a_finding_has_none() -> None:
    assert cell_of(cell(Verdict.HOLDS))["finding"] is None


def test_the_values_are_what_another_program_can_compare() -> None:
    entry = cell_of(violated(expected=Verdict.HOLDS))
    assert {key: entry[key] for key in CELL - {"finding"}} == {
        "scenario": "bank",
        "variant": "current",
        "engine": "postgresql",
        "version": "18.6",
        "isolation": "read-committed",
        "verdict": "violated",
        "executions": 6,
        "complete": True,
        "outcomes": 3,
        "anomalies": 4,
        "deadlocks": 2,
        "executions_with_waits": 3,
        "aborts": {"40001": 1, "40P01": 2},
        "elapsed_s": 0.25,
    }
    assert entry["expected"] == "holds"
    assert entry["finding"]["schedule"] == "T1 T1 T2* T1 T2"


def test_an_unknown_cell_keeps_its_reason() -> None:
    entry = cell_of(unknown("the server stopped answering"))
    assert (entry["verdict"], entry["complete"]) == ("unknown", False)
    assert entry["unknown"] == ["the server stopped answering"]


def test_a_step_says_who_asked_what_and_what_came_of_it() -> None:
    steps = cell_of(violated())["finding"]["steps"]
    assert steps[2] == {
        "turn": 3,
        "session": "T2",
        "kind": "statement",
        "statement": "delete from account where id = 1",
        "movable": ["T1", "T2"],
        "waits_for": ["T1"],
        "waits_on": "row of account, id = 1",
        "settled_in": 4,
        "answer": "1 row",
        "error": None,
    }
    assert (steps[3]["kind"], steps[3]["answer"]) == ("commit", "done")


def test_a_step_that_was_never_answered_has_no_answer() -> None:
    execution = violated().finding.execution
    execution.turns[4].settled_in = None
    assert execution_of(execution)["steps"][4]["answer"] is None


def test_a_deadlock_is_kept_with_its_victim() -> None:
    content = execution_of(execution_with_a_deadlock())
    assert content["deadlocks"][0]["victim"] == "T1"
    assert content["steps"][2]["error"] == "40P01"
    assert content["ends"] == {"T1": "refused by the server (40P01, deadlock)", "T2": "returned"}


def test_a_document_is_json_as_it_is() -> None:
    cells = [violated(), cell(Verdict.HOLDS), unknown("進捗更新")]
    content = document(cells)
    assert json.loads(json.dumps(content)) == content


def test_a_textbook_name_has_its_dependencies() -> None:
    made = violated()
    assert cell_of(made)["finding"]["anomaly"] is None
    made.finding = replace(made.finding, anomaly=LOST_UPDATE)
    told = json.loads(json.dumps(cell_of(made)))["finding"]["anomaly"]
    assert (told["name"], told["title"], told["phenomenon"]) == ("P4", "lost update", "G-single")
    assert told["dependencies"][0] == {
        "kind": "rw",
        "from": "T1",
        "to": "T2",
        "table": "account",
        "row": "id = 1",
        "from_turn": 1,
        "to_turn": 3,
        "by_predicate": False,
    }


def test_a_deadlock_has_its_members_and_its_advice() -> None:
    run = execution_with_a_deadlock()
    (told,) = execution_of(run)["deadlocks"]
    assert (told["members"], told["advice"]) == ([], None)
    held = Hold(2, "update account set balance = 2 where id = 2", shared=False)
    member = Member(
        "T2", "T1", 4, "update", "account", "account (id = 1)", "PRIMARY", "X", held=held
    )
    advice = Advice("order", "have T2 lock A first", "T2", "A", 2)
    run.deadlocks[0] = replace(run.deadlocks[0], members=(member,), advice=advice)
    (told,) = json.loads(json.dumps(execution_of(run)))["deadlocks"]
    assert told["advice"]["change"] == "order"
    assert told["members"][0]["index"] == "PRIMARY"
    assert told["members"][0]["mode"] == "X"
    assert told["members"][0]["held"]["turn"] == 2
