"""What the drills refuse before anything is started."""

import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--moment", "after lunch"), "moment 'after lunch': unknown"),
        (("--load", "entrys"), "did you mean 'entries'?"),
        (("--engine", "oracel"), "engine 'oracel': unknown"),
        (("--kills", "0"), "'0' is not a whole number of 1 or more"),
        (("--server-option", "fsync"), "not of the form NAME=VALUE"),
        (("--source", "given"), "a given server is never killed"),
        (("--load", "contracts", "--at", "statement"), "has no statement that writes many rows"),
        (("--night", "--moment", "after commit 3"), "moment of a night 'after commit 3': unknown"),
        (("--night", "--placement", "nowhere"), "placement 'nowhere': unknown"),
        (("--night", "--scale", "0"), "--scale 0: not between 0 and 1"),
        (("--night", "--scale", "0.0001"), "scale 0.0001"),
        (("--night", "--seed", "-1"), "seed -1"),
        (("--night", "--at", "commit"), "--at: is not for a night"),
        (("--night", "--server-option", "fsync=off"), "--server-option: is not for a night"),
        (("--night", "--load", "entries"), "--load: is not for a night"),
        (("--program",), "--program: is of a night\n  hint: add --night to kill in the batch"),
        (("--logged",), "--logged: is of a night"),
        (("--placement", "all-late"), "--placement: is of a night"),
        (("--scale", "0.002"), "--scale: is of a night"),
        (("--night", "--program", "--moment", "passed T2"), "at that moment no program can be"),
    ],
)
def test_wrong_words_are_refused_and_nothing_is_started(harness, state, words, said):
    result = harness("drill", "crash", *words)
    assert result.status == 64
    assert said in result.err
    assert not state.exists()


@pytest.mark.parametrize("drill", ["crash", "program", "work-tables"])
def test_given_server_is_never_killed(harness, state, drill):
    result = harness("drill", drill, "--server", "postgresql://somebody@127.0.0.1:1/theirs")
    assert result.status == 64
    assert "a given server is never killed" in result.err
    assert not state.exists()


def test_list_names_the_loads_the_moments_and_the_controls(harness):
    said = harness("drill", "list")
    assert said.status == 0
    for word in ("entries", "contracts", "after commit", "in statement", "synchronous_commit=off"):
        assert word in said.out


def test_a_drill_must_be_named(harness):
    assert harness("drill").status == 64
