"""A run is compared with a stored one: what is as it was, what is not, what cannot be told."""

import copy
import json

import pytest
from pure.report.made import cell, unknown, violated

from harness.checks.verdict import Verdict
from harness.errors import UsageError
from harness.report.document import document
from harness.report.expected import COUNTS, expected_document, read_expected

CELLS = [cell(Verdict.HOLDS, variant="lock-order"), violated(), violated(engine="mysql")]
ASKED = [
    ("bank", "lock-order", "postgresql", "read-committed"),
    ("bank", "current", "postgresql", "read-committed"),
    ("bank", "current", "mysql", "read-committed"),
]


@pytest.fixture
def stored(tmp_path):
    """Compares cells with a document that may be changed before."""

    def compare(content, cells=CELLS, asked=ASKED, why=None):
        path = tmp_path / "stored.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return read_expected(path).compare(document(cells)["cells"], asked, why or {})

    return compare


@pytest.mark.parametrize("shorten", [dict, expected_document], ids=["--json", "--write-expected"])
def test_the_same_run_is_as_stored(stored, shorten) -> None:
    found = stored(shorten(document(CELLS)))
    assert (found.same, found.differences, found.not_compared) == (3, [], [])
    assert found.verdict is Verdict.HOLDS
    assert list(found.lines()) == ["3 cells as stored, 0 changed, 0 not compared"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("verdict", "holds", "verdict was holds, is violated"),
        ("executions", 7, "executions was 7, is 6"),
        ("anomalies", 0, "anomalies was 0, is 4"),
        ("deadlocks", 3, "deadlocks was 3, is 2"),
        ("aborts", {"40P01": 3}, "aborts was 40P01: 3, is 40001: 1, 40P01: 2"),
        ("aborts", {}, "aborts was none, is 40001: 1, 40P01: 2"),
        ("complete", False, "complete was no, is yes"),
    ],
)
def test_each_change_is_told_with_both_values(stored, name, value, said) -> None:
    content = expected_document(document(CELLS))
    content["cells"][1][name] = value
    found = stored(content)
    assert found.verdict is Verdict.VIOLATED
    assert found.same == 2
    assert found.differences == [f"bank current postgresql read-committed: {said}"]


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_that_is_not_stored_is_not_compared(stored, name) -> None:
    content = expected_document(document(CELLS))
    for one in content["cells"]:
        del one[name]
    assert stored(content).verdict is Verdict.HOLDS


def test_what_is_unknown_on_either_side_is_not_compared(stored) -> None:
    content = document(CELLS)
    now = [CELLS[0], unknown("no answer within 15 s"), CELLS[2]]
    found = stored(content, now)
    assert found.verdict is Verdict.UNKNOWN
    assert found.not_compared == [
        "bank current postgresql read-committed: was violated, and is unknown now: "
        "no answer within 15 s"
    ]
    content["cells"][1]["verdict"] = "unknown"
    found = stored(content)
    assert (found.same, found.verdict) == (2, Verdict.UNKNOWN)
    assert "is violated; what is stored is itself unknown" in found.not_compared[0]


def test_a_cell_of_which_nothing_is_stored_is_not_fine(stored) -> None:
    content = document(CELLS[:2])
    found = stored(content)
    assert (found.same, found.verdict) == (2, Verdict.UNKNOWN)
    assert found.not_compared == [
        "bank current mysql read-committed: is violated, and nothing is stored of it"
    ]


def test_an_engine_that_was_not_run_is_told_with_the_reason(stored) -> None:
    found = stored(document(CELLS), CELLS[:2], why={"mysql": "mysql: no server to be had here"})
    assert found.verdict is Verdict.UNKNOWN
    assert found.not_compared == [
        "bank current mysql read-committed: not run: mysql: no server to be had here"
    ]


def test_a_stored_cell_that_nobody_asked_for_is_left_alone(stored) -> None:
    found = stored(document(CELLS), CELLS[:1], ASKED[:1])
    assert (found.same, found.verdict) == (1, Verdict.HOLDS)


def test_nothing_to_compare_is_unknown(stored) -> None:
    assert stored(document(CELLS), [], []).verdict is Verdict.UNKNOWN


def test_another_version_is_said_and_compared_all_the_same(stored) -> None:
    content = document(CELLS)
    content["cells"][2]["version"] = "9.7.1"
    found = stored(content)
    assert found.verdict is Verdict.HOLDS
    assert found.versions == ["mysql: 9.7.4 now, 9.7.1 when the document was stored"]
    changed = copy.deepcopy(content)
    changed["cells"][2]["verdict"] = "holds"
    found = stored(changed)
    assert (found.verdict, len(found.versions)) == (Verdict.VIOLATED, 1)


def test_the_short_document_has_no_times_no_findings_and_nothing_of_the_machine() -> None:
    (one,) = expected_document(document([violated()]))["cells"]
    names = {"scenario", "variant", "engine", "version", "isolation", "verdict"}
    assert set(one) == {*names, *COUNTS}


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"cells": 3}', '{"cells": [3]}', '{"cells": []}', "null"),
        '{"cells": [{"scenario": "bank"}]}',
        json.dumps({"cells": [dict(document(CELLS)["cells"][0], verdict="fine")]}),
        json.dumps({"cells": document(CELLS[:1])["cells"] * 2}),
        "\udcff",
    ],
)
def test_what_is_no_stored_run_is_refused(tmp_path, text) -> None:
    path = tmp_path / "stored.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match="--expect"):
        read_expected(path)


def test_a_file_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match="cannot be read: no such file"):
        read_expected(tmp_path / "missing.json")
