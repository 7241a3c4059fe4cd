"""A call that is wrong starts nothing, and says what is wrong."""

import pytest

from harness.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("problem-9",), "measurement 'problem-9': unknown"),
        (("problem-3", "--rows", "8"), "8 rows: too few for 4 jobs"),
        (("problem-1", "--rows", "0"), "'0' is not a whole number of 1 or more"),
        (("problem-1", "--commit-every", "none"), "'none' is not a whole number"),
        (("problem-1", "--rate", "-1"), "'-1' is not a number above 0"),
        (("problem-1", "--plot", "x.png"), "is no .svg"),
        (
            ("problem-1", "--isolation", "read-committed", "--isolation", "serializable"),
            "a measurement is made at one level",
        ),
    ],
)
def test_wrong_usage_is_told_with_status_64(words, said, tmp_path, capsys):
    try:
        status = main(["measure", *words, "--runs", str(tmp_path)])
    except SystemExit as left:  # argparse leaves by itself
        status = left.code
    assert status == 64
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
