"""What the drill of recovery times refuses before anything is started."""

import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rows", "1500"), "'1500' is not a whole number of thousands"),
        (("--rows", "0"), "'0' is not a whole number of 1 or more"),
        (("--open-part", "2"), "'2' is not between 0 and 1"),
        (("--interval", "x"), "'x' is not a whole number of 1 or more"),
        (("--only", "intervals", "--plot", "x.svg"), "--plot: draws distances"),
        (("--plot", "x.png"), "is no .svg"),
        (("--engine", "oracel"), "engine 'oracel': unknown"),
        (("--server", "postgresql://a@127.0.0.1:1/b"), "a given server is never killed"),
    ],
)
def test_wrong_words_are_refused_and_nothing_is_started(harness, state, words, said):
    result = harness("drill", "recovery-time", *words)
    assert result.status == 64
    assert said in result.err
    assert not state.exists()
