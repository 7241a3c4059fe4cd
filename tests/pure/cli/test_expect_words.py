"""`--expect` and `--write-expected`: what cannot be meant is refused before a server is started."""

import json

import pytest

from harness.cli import main, options, search
from harness.engines import ENGINES
from harness.errors import ServerError
from harness.scenario import scenarios

STORED = {"cells": [{"scenario": "s", "variant": "v", "engine": "e", "isolation": "i"}]}
STORED["cells"][0]["verdict"] = "holds"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--expect", "{}/missing.json"], "cannot be read: no such file or directory"),
        (["--expect", "{}"], "cannot be read: is a directory"),
        (["--expect", "{}/other.json"], "holds no cells with verdicts"),
        (["--expect", "{}/stored.json", "--schedule", "T1 T2"], "--schedule makes none"),
        (["--write-expected", "{}"], "--write-expected '{}': is a folder"),
        (["--write-expected", "{}/no/where.json"], "its folder does not exist"),
    ],
)
@pytest.mark.parametrize("scenario", ["problem-2", "all"])
def test_what_cannot_be_compared_with_is_refused(scenario, words, said, tmp_path, capsys) -> None:
    (tmp_path / "other.json").write_text('{"matrix": {}}', encoding="utf-8")
    (tmp_path / "stored.json").write_text(json.dumps(STORED), encoding="utf-8")
    given = [word.replace("{}", str(tmp_path)) for word in words]
    assert main(["reproduce", scenario, *given]) == 64
    captured = capsys.readouterr()
    assert said.replace("{}", str(tmp_path)) in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["problem-2", "--without", "problem-1"], "leaves scenarios out of 'all'"),
        (["all", "--without", "problem-22"], "did you mean 'problem-2'?"),
        (
            ["all", *(word for name in scenarios() for word in ("--without", name))],
            "no scenario is left",
        ),
    ],
)
def test_leaving_out_what_is_not_there_or_everything_is_refused(words, said, capsys) -> None:
    assert main(["reproduce", *words]) == 64
    assert said in capsys.readouterr().err


def test_a_schedule_belongs_to_one_cell_of_one_scenario(capsys) -> None:
    assert main(["reproduce", "all", "--schedule", "T1 T2"]) == 64
    assert "belongs to one engine" in capsys.readouterr().err


def test_a_variant_that_no_scenario_has_is_refused(capsys) -> None:
    assert main(["reproduce", "all", "--variant", "lock-ordr"]) == 64
    assert "did you mean 'lock-order'?" in capsys.readouterr().err


def test_a_level_that_is_unknown_is_refused_before_a_server_is_started(capsys) -> None:
    assert main(["reproduce", "all", "--isolation", "repeatable"]) == 64
    assert "did you mean 'repeatable-read'?" in capsys.readouterr().err


def test_a_server_that_goes_away_while_it_is_asked_was_of_one_engine(
    tmp_path, capsys, monkeypatch
) -> None:
    """It is asked once: at its URL alone it could be MySQL or MariaDB."""
    cells = [
        {"scenario": "problem-2", "variant": "current", "isolation": "read-committed"}
        | {"verdict": "violated", "engine": engine}
        for engine in ("mysql", "mariadb")
    ]
    (tmp_path / "stored.json").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    answers = [ENGINES["mariadb"]]

    def leads_to(*_):
        if answers:
            return answers.pop(), None
        raise ServerError("it is gone")

    def explore_engine(*_):
        raise ServerError("mariadb: it went away")

    monkeypatch.setattr(options, "leads_to", leads_to)
    monkeypatch.setattr(search, "_explore_engine", explore_engine)
    words = ["--variant", "current", "--isolation", "read-committed", "--runs", str(tmp_path)]
    words += ["--server", "mysql://me:secret@127.0.0.1:1/bank"]
    stored = str(tmp_path / "stored.json")
    assert main(["reproduce", "problem-2", *words, "--expect", stored]) == 2
    _, _, said = capsys.readouterr().out.partition(f"compared with {stored}:\n")
    assert said == (
        "not compared: problem-2 current mariadb read-committed: not run: mariadb: it went away\n"
        "0 cells as stored, 0 changed, 1 not compared\n"
    )
