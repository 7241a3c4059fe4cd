"""What `harness replay night` refuses before it starts a server."""

from __future__ import annotations

import pytest

from harness import cli


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scale", "0"], "scale 0: must be from"),
        (["--placement", "mian"], "did you mean 'main'?"),
        (["--at", "T9=nothing"], "milestone 'T9': unknown"),
        (["--at", "T2=backup"], "action 'backup': unknown"),
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
