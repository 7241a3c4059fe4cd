"""`harness replay night` as a user runs it, on a given database."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.integration

QUIET = [word for n in (1, 2, 4, 5, 6) for word in ("--at", f"T{n}=nothing")]
SMALL = ("replay", "night", "--scale", "0.0005", *QUIET)


def test_a_night_is_run_twice_drawn_and_stored(here, filled, tmp_path):
    plot, document = tmp_path / "night.svg", tmp_path / "night.json"
    said = here(*SMALL, "--engine", filled.kind, "--plot", str(plot), "--json", str(document))
    assert said.status == 0, said.out + said.err
    assert said.line("holds: ").startswith("2 nights on 1 engine came to an end, and the tables")
    assert "jobs at once and in sequence" in said.out
    assert ">progress update<" in plot.read_text("utf-8")
    (cell,) = json.loads(document.read_text("utf-8"))["cells"]
    assert (cell["engine"], cell["verdict"], cell["executions"]) == (filled.kind, "holds", 2)
    assert (cell["actions"]["T2"], cell["actions"]["T3"]) == ("nothing", "checkpoint")
    assert cell["at_once"]["tables"] == cell["in_sequence"]["tables"]
    assert cell["at_once"]["files"]
