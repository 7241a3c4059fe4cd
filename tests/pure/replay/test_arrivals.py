"""When requests arrive: by lot, or from a trace."""

import statistics
from itertools import pairwise

import pytest

from harness.errors import UsageError
from harness.replay.arrivals import counts_of, poisson, read_trace

NAMES = ("inquiry", "booking")
OPENS, CLOSES = 9 * 3600.0, 19 * 3600.0


def test_exactly_the_days_numbers_arrive_within_the_day():
    found = poisson({"inquiry": 500, "booking": 20}, OPENS, CLOSES, seed=7)
    assert counts_of(found) == {"inquiry": 500, "booking": 20}
    assert found == sorted(found)
    assert all(OPENS <= arrival.at_s <= CLOSES for arrival in found)


def test_gaps_are_those_of_a_poisson_process():
    """Of an exponential distribution the standard deviation is the mean."""
    times = [at_s for at_s, _ in poisson({"inquiry": 20_000}, 0, 36_000, seed=1)]
    gaps = [b - a for a, b in pairwise(times)]
    assert statistics.mean(gaps) == pytest.approx(1.8, rel=0.01)
    assert statistics.stdev(gaps) == pytest.approx(1.8, rel=0.03)


def test_the_same_seed_gives_the_same_arrivals_and_another_gives_others():
    one, two = ({"a": 50}, 0, 100), ({"a": 50}, 0, 100)
    assert poisson(*one, seed=3) == poisson(*two, seed=3) != poisson(*one, seed=4)


def test_leaving_a_program_out_does_not_move_the_others():
    both = poisson({"a": 30, "b": 30}, 0, 100, seed=1)
    assert [x for x in both if x.program == "a"] == poisson({"a": 30}, 0, 100, seed=1)


@pytest.fixture
def trace(tmp_path):
    def write(text):
        path = tmp_path / "trace.csv"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_trace_is_read_in_the_order_of_its_times(trace):
    path = trace("# a morning\n9:00:02,booking\n\n09:00:01.250, inquiry\n")
    assert read_trace(path, NAMES) == [(32401.25, "inquiry"), (32402.0, "booking")]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("9:00:01,inquiry\n9:00,inquiry", 2, "'9:00,inquiry' is no time and program"),
        ("9:00:01;inquiry", 1, "'9:00:01;inquiry' is no time and program"),
        ("9:61:01,inquiry", 1, "'9:61:01,inquiry' is no time and program"),
        ("24:00:00,inquiry", 1, "'24:00:00,inquiry' is no time and program"),
        ("\n\n9:00:01,sale", 3, "program 'sale': unknown; known are inquiry, booking"),
        ("9:00:01,", 1, "program '': unknown; known are inquiry, booking"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(trace, text, line, said):
    path = trace(text)
    with pytest.raises(UsageError) as caught:
        read_trace(path, NAMES)
    assert caught.value.message == f"--trace '{path}', line {line}: {said}"


@pytest.mark.parametrize("text", ["", "# nothing\n\n"])
def test_an_empty_trace_is_refused(trace, text):
    path = trace(text)
    with pytest.raises(UsageError, match="has no arrivals"):
        read_trace(path, NAMES)


def test_a_trace_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_trace(tmp_path / "none", NAMES)


def test_a_trace_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "binary"
    path.write_bytes(b"9:00:01,\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_trace(path, NAMES)
