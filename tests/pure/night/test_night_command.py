"""What `harness replay night` refuses before it starts a server."""

from __future__ import annotations

import json

import pytest

from harness import cli
from harness.jobs.ledger import Event, Ledger


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scale", "0"], "scale 0: must be from"),
        (["--placement", "mian"], "did you mean 'main'?"),
        (["--at", "T9=nothing"], "milestone 'T9': unknown"),
        (["--at", "T2=backups"], "did you mean 'backup'?"),
        (["--keep"], "--keep: a server that the harness starts is gone afterwards"),
        (["--resume", "none.jsonl"], "--resume: a server that the harness starts is gone"),
        (["--restore", "T3"], "--restore: needs the night's ledger"),
        (["--at", "T2"], "--at 'T2': says no action"),
        (["--plot", "night.svg"], "--plot: draws the night of one engine"),
        (["--plot", "night.jpg"], "is no .svg"),
        (["--plot", "none/night.svg", "--engine", "mysql"], "its folder does not exist"),
        (["--isolation", "read-committed", "--isolation", "serializable"], "runs at one level"),
        (["none"], "night 'none': unknown"),
    ],
)
def test_wrong_usage_starts_nothing(words, said, tmp_path, capsys):
    runs = tmp_path / "runs"
    assert cli.main(["replay", "night", *words, "--runs", str(runs)]) == 64
    assert said in capsys.readouterr().err
    assert not runs.exists()


@pytest.mark.parametrize("words", [["--sessions", "0"], ["--date", "today"], ["--scale", "x"]])
def test_words_that_are_not_understood(words):
    with pytest.raises(SystemExit) as left:
        cli.main(["replay", "night", *words])
    assert left.value.code == 64


GIVEN = ("--server", "postgresql://someone:secret@127.0.0.1:1/none")
NAME = "postgresql-at-once.jsonl"
SETTING = {
    "night": "vehicle-maintenance",
    "placement": "main",
    "scale": 0.001,
    "seed": 3,
    "business_date": "2024-10-15",
    "actions": {"T3": "backup"},
    "sessions": 4,
    "isolation": "read-committed",
}


def resumed(folder, capsys, *words, name=NAME):
    """What `--resume` says of a ledger in a folder, and its status."""
    said = ["replay", "night", *GIVEN, "--resume", str(folder / name), *words]
    status = cli.main([*said, "--runs", str(folder / "runs")])
    return status, capsys.readouterr().err


def test_a_ledger_without_its_run_is_not_gone_on_with(tmp_path, capsys):
    (tmp_path / NAME).touch()
    status, said = resumed(tmp_path, capsys)
    assert (status, "no 'run.json' that tells the night" in said) == (64, True)
    (tmp_path / "run.json").write_text('{"command": []}', encoding="utf-8")
    status, said = resumed(tmp_path, capsys)
    assert (status, "tells no night: 'setting'" in said) == (64, True)


def test_a_ledger_is_looked_at_before_the_server(tmp_path, capsys):
    (tmp_path / "run.json").write_text(json.dumps({"setting": SETTING}), encoding="utf-8")
    assert "there is no such file" in resumed(tmp_path, capsys)[1]
    (tmp_path / NAME).touch()
    assert "nothing of the night had begun" in resumed(tmp_path, capsys)[1]
    with Ledger(tmp_path / NAME) as ledger:
        ledger.record(Event.PASSED, "T1")
    assert "no table backup of it" in resumed(tmp_path, capsys, "--restore", "T3")[1]
    status, said = resumed(tmp_path, capsys)
    assert (status, "connection refused" in said, "secret" in said) == (64, True, False)


def test_where_results_go_is_looked_at_before_the_ledger(tmp_path, capsys):
    status, said = resumed(tmp_path, capsys, "--json", str(tmp_path / "none" / "night.json"))
    assert (status, "its folder does not exist" in said) == (64, True)


def test_a_night_that_is_gone_on_with_is_not_drawn(tmp_path, capsys):
    status, said = resumed(tmp_path, capsys, "--plot", str(tmp_path / "night.svg"))
    assert (status, "--plot: draws no night that is gone on with" in said) == (64, True)


def test_a_ledgers_name_tells_its_engine(tmp_path, capsys):
    status, said = resumed(tmp_path, capsys, name="night.jsonl")
    assert (status, "engine 'night': unknown" in said) == (64, True)
