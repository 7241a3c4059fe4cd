"""`harness measure` as a user runs it, on a given database of each engine."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.integration


def test_problem_1_is_measured_printed_drawn_and_kept(here, filled, tmp_path):
    said = here(
        *("measure", "problem-1", "--engine", filled.kind, "--rows", "40", "--rate", "30"),
        *("--commit-every", "5", "--commit-every", "all"),
        *("--json", str(tmp_path / "one.json"), "--plot", str(tmp_path / "one.svg")),
    )
    # On a machine with much else to do the generator of requests may be too slow.
    assert said.status == 0 or "did not keep up" in said.out, said.out + said.err
    cells = json.loads((tmp_path / "one.json").read_text("utf-8"))["cells"]
    assert [(cell["variant"], cell["setting"]) for cell in cells] == [
        ("absent", ""),
        ("commit-every", "5"),
        ("current", "all"),
        ("begun twice", "10"),
        ("begun twice, claiming", "10"),
    ]
    assert all(cell["figures"]["change_ms_max"] > 0 for cell in cells[:3])
    assert [cell["figures"]["run_again"] for cell in cells[1:3]] == ["each once", "each once"]
    assert cells[-1]["verdict"] == "holds"
    assert (tmp_path / "one.svg").read_text("utf-8").startswith("<?xml")


def test_problem_3_is_measured(here, filled, tmp_path):
    said = here(
        *("measure", "problem-3", "--engine", filled.kind, "--rows", "40", "--jobs", "2"),
        *("--json", str(tmp_path / "three.json")),
    )
    assert said.status == 0, said.out + said.err
    cells = json.loads((tmp_path / "three.json").read_text("utf-8"))["cells"]
    mended = [cell for cell in cells if not cell["known_to_break"]]
    assert len(mended) == 4
    assert {cell["verdict"] for cell in mended} == {"holds"}
    assert {cell["figures"]["run_again"] for cell in mended} == {"right sums"}
