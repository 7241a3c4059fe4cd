"""`harness crud` refuses what it cannot do before it starts a server."""

import pytest

from harness import cli


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["vehicle-maintenence"], "did you mean 'vehicle-maintenance'?"),
        (["--engine", "mysqll"], "did you mean 'mysql'?"),
        (["--json", "/nowhere/at/all.json"], "its folder does not exist"),
    ],
)
def test_wrong_words_are_wrong_usage(words, said, capsys, tmp_path):
    assert cli.main(["crud", "--runs", str(tmp_path), *words]) == 64
    assert said in capsys.readouterr().err


def test_the_help_says_what_the_status_means(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["crud", "--help"])
    assert end.value.code == 0
    assert "2 something is unknown" in capsys.readouterr().out
