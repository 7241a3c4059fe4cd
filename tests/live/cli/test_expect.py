"""A run compared with the stored verdicts: the cheap part of what the nightly run compares."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

STORED = Path(__file__).parents[1] / "expected" / "verdicts.json"
CHEAP = ("--variant", "lock-order", "--variant", "current", "--isolation", "read-committed")


@pytest.fixture
def reproduce(here, database):
    """Runs the cheap part, on the shared server."""

    def run(*words: str, cells: tuple[str, ...] = CHEAP):
        return here("reproduce", "problem-2", "--engine", database.kind, *cells, *words)

    return run


def is_cheap(cell, engine: str) -> bool:
    return (cell["scenario"], cell["engine"], cell["isolation"]) == (
        "problem-2",
        engine,
        "read-committed",
    ) and cell["variant"] in CHEAP


def test_verdicts_and_counts_are_the_stored_ones(reproduce, database) -> None:
    said = reproduce("--expect", str(STORED))
    assert "changed: " not in said.out, said.out
    assert said.status == 0, said.out + said.err
    assert said.out.splitlines()[-1] == "2 cells as stored, 0 changed, 0 not compared"


@pytest.mark.engines("postgresql")
def test_a_changed_verdict_fails_with_both_values(reproduce, database, tmp_path) -> None:
    """The negative control: the comparison has been seen to fail, and to be unable to tell."""
    content = json.loads(STORED.read_text(encoding="utf-8"))
    cheap = {c["variant"]: c for c in content["cells"] if is_cheap(c, database.kind)}
    cheap["current"]["verdict"] = "holds"
    right = cheap["lock-order"]["executions"]
    cheap["lock-order"]["executions"] = right + 1
    other = tmp_path / "other.json"
    other.write_text(json.dumps(content), encoding="utf-8")
    said = reproduce("--expect", str(other))
    assert said.status == 1
    assert (
        "changed: problem-2 current postgresql read-committed: verdict was holds, is violated"
        in said.out
    )
    assert f"executions was {right + 1}, is {right}" in said.out

    content["cells"].remove(cheap["lock-order"])
    other.write_text(json.dumps(content), encoding="utf-8")
    said = reproduce("--expect", str(other), cells=(*CHEAP[:2], *CHEAP[-2:]))
    assert said.status == 2
    assert "not compared: problem-2 lock-order postgresql read-committed: is holds" in said.out


@pytest.mark.engines("postgresql")
def test_what_is_written_can_be_expected(reproduce, here, tmp_path) -> None:
    """The short table as well as the whole document of a run."""
    short, whole = tmp_path / "short.json", tmp_path / "whole.json"
    cells = (*CHEAP[:2], *CHEAP[-2:])
    said = reproduce("--write-expected", str(short), "--json", str(whole), cells=cells)
    assert said.status == 0, said.err
    assert "elapsed_s" not in short.read_text(encoding="utf-8")
    for stored in (short, whole):
        assert reproduce("--expect", str(stored), cells=cells).status == 0
