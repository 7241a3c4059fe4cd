"""`harness reproduce problem-2`: what is found is written down, and can be seen again."""

import json
import shlex

import pytest

pytestmark = pytest.mark.integration

one_engine = pytest.mark.engines("postgresql")  # nothing of it is the engine's

CELL = ("--isolation", "read-committed")


def cells_of(path):
    return json.loads(path.read_text("utf-8"))["cells"]


@pytest.fixture
def result(tmp_path):
    return tmp_path / "result.json"


def test_what_is_broken_is_found_written_down_and_seen_again(here, database, result) -> None:
    words = ("--engine", database.kind, *CELL, "--json", str(result))
    said = here("reproduce", "problem-2", "--variant", "current", *words)
    assert said.status == 0, said.err
    (found,) = cells_of(result)
    assert (found["scenario"], found["variant"]) == ("problem-2", "current")
    assert (found["engine"], found["isolation"]) == (database.kind, "read-committed")
    assert found["version"] == database.server.version
    assert (found["verdict"], found["expected"], found["complete"]) == (
        "violated",
        "violated",
        True,
    )
    assert 0 < found["anomalies"] <= found["executions"]
    assert found["finding"]["reproduced"]

    again = shlex.split(said.line("again: "))
    assert again[0] == "harness"
    seen = here(*again[1:], "--json", str(result))
    assert seen.status == 0, seen.err
    (repeated,) = cells_of(result)
    assert repeated["verdict"] == "violated"
    assert repeated["executions"] == 1
    for key in ("kind", "schedule", "sentences", "ends"):
        assert repeated["finding"][key] == found["finding"][key]
    for sentence in found["finding"]["sentences"]:
        assert sentence in seen.out


@one_engine
def test_a_fix_holds_in_every_interleaving(here, database, result) -> None:
    words = ("--engine", database.kind, *CELL, "--json", str(result))
    said = here("reproduce", "problem-2", "--variant", "lock-order", *words)
    assert said.status == 0, said.err
    (cell,) = cells_of(result)
    assert (cell["verdict"], cell["complete"], cell["finding"]) == ("holds", True, None)
    assert said.out.splitlines()[-2].startswith("holds: ")
    assert "again:" not in said.out


@one_engine
def test_a_schedule_of_another_engine_or_level_is_refused_and_not_bent(here, database) -> None:
    """A replay that silently does something else is worse than none."""
    words = ("--engine", database.kind, *CELL, "--variant", "current")
    said = here("reproduce", "problem-2", *words, "--schedule", "T1 T1* T2 T2 T2 T2 T2 T1")
    assert (said.status, said.out) == (2, "")
    assert said.err == (
        "schedule 'T1 T1* T2 T2 T2 T2 T2 T1' diverged at turn 2: recorded T1 waiting after it, "
        "now movable {T1, T2}\n"
        "  hint: was it recorded with the same programs, engine, version and isolation level?\n"
    )


@one_engine
def test_a_run_is_stored_with_what_was_written_for_the_user(here, database, result) -> None:
    words = ("--engine", database.kind, *CELL, "--json", str(result))
    said = here("reproduce", "problem-2", "--variant", "lock-order", *words)
    (stored,) = [x.removeprefix("stored: ") for x in said.err.splitlines() if "stored" in x]
    run = json.loads((here.folder / stored).read_text("utf-8"))
    assert run.pop("command")[:2] == ["reproduce", "problem-2"]
    assert run == json.loads(result.read_text("utf-8"))
