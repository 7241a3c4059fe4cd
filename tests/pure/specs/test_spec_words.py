"""`harness explore --spec` with words that do not go together: status 64, nothing started."""

import pytest

from harness.cli import main

SPEC = "session s1 step a { } session s2 step b { }\n"


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """What is said of a call; nothing may be started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    (tmp_path / "free.spec").write_text(SPEC)
    (tmp_path / "listed.spec").write_text(f"{SPEC}permutation b\n")
    (tmp_path / "odd.spec").write_text(f"{SPEC}setup {{ }}\n")

    def run(*words):
        assert main(["explore", *words]) == 64
        said = capsys.readouterr()
        assert said.out == ""
        assert not (tmp_path / "state").exists(), "something was about to be started"
        return said.err

    return run


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["--spec", "none.spec"],
            "spec 'none.spec': cannot be read: No such file or directory\n",
        ),
        (
            ["--spec", "odd.spec"],
            "odd.spec:2: expected 'step', 'teardown', 'session' or 'permutation', found 'setup'\n",
        ),
        (
            ["a:b", "--spec", "free.spec"],
            "--spec: a spec brings its own programs and setup, and has no invariants\n"
            "  hint: leave out MODULE:PROGRAM, --setup, --invariant and --only-invariants\n",
        ),
        (
            ["--spec", "listed.spec"],
            "listed.spec: no permutation takes step 'a'\n"
            "--spec: a transcript is of one engine, and of one isolation level if one is named\n"
            "  hint: name the engine with --engine, or explore all with --as search\n",
        ),
        (
            ["--spec", "free.spec", "--as", "transcript", "--engine", "mysql", "--json", "x.json"],
            "--spec: a transcript has no JSON, and its schedules are the spec's permutations\n"
            "  hint: leave out --json, --schedule and --script, or say --as search\n",
        ),
        (
            ["--spec", "free.spec", "--engine", "oracle"],
            "engine 'oracle': unknown; known are mysql, mariadb, postgresql\n",
        ),
        (
            [],
            "harness explore: the following arguments are required: MODULE:PROGRAM, --setup\n"
            "  hint: harness explore --help\n",
        ),
        (
            ["--as", "search"],
            "--as: says how a spec is taken, and there is none\n  hint: name it with --spec FILE\n",
        ),
    ],
)
def test_words_that_do_not_go_together_are_refused(refused, words, text):
    assert refused(*words) == text
