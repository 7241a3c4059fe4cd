"""What `harness anomalies` refuses before it starts a server."""

import json

import pytest

from harness.cli import anomalies as command
from harness.cli import main
from workloads.anomalies import anomalies


@pytest.fixture(autouse=True)
def brought(monkeypatch):
    monkeypatch.setattr(command, "brought_in", lambda _group: [anomalies])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "g3"], "anomaly 'g3': unknown; known are g0, g1a, g1b, "),
        (["--only", "G-Singel"], "  hint: did you mean 'g-single'?\n"),
        (
            ["--schedule", "T1 T2"],
            "--schedule: belongs to one anomaly\n  hint: name it with --only\n",
        ),
        (
            ["--only", "p4", "--schedule", "T1 T2"],
            "--schedule: belongs to one engine, one isolation level and one variant\n",
        ),
        (["--expect", "nowhere.json"], "--expect 'nowhere.json': cannot be read: no such file"),
    ],
)
def test_what_cannot_be_meant_is_refused(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["anomalies", *words]) == 64
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["no json", "[]", json.dumps({"cells": []})])
def test_a_file_without_a_matrix_is_refused(content, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "before.json").write_text(content)
    assert main(["anomalies", "--expect", "before.json"]) == 64
    assert capsys.readouterr().err == (
        "--expect 'before.json': holds no matrix\n"
        "  hint: was it written by 'harness anomalies --json'?\n"
    )
