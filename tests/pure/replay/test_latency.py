"""Durations: percentiles, and adding up what several processes recorded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.replay.latency import Durations


def of(*lengths_s):
    found = Durations()
    for length_s in lengths_s:
        found.record_s(length_s)
    return found


@given(st.lists(st.floats(1e-6, 3600), min_size=1, max_size=60))
def test_a_percentile_is_within_a_thousandth_of_the_exact_one(lengths):
    exact = sorted(lengths)[round(0.5 * len(lengths) + 0.499999) - 1]
    assert of(*lengths).at_s(50) == pytest.approx(exact, rel=2e-3, abs=2e-6)


def test_what_two_processes_recorded_is_added_up_over_the_wire():
    parts = [of(*(n / 1000 for n in range(first, 1001, 2))) for first in (1, 2)]
    total = Durations.total(Durations.decode(part.encode()) for part in parts)
    whole = of(*(n / 1000 for n in range(1, 1001)))
    assert total.count == whole.count == 1000
    assert [total.at_s(p) for p in (50, 99, 99.9)] == [whole.at_s(p) for p in (50, 99, 99.9)]
    assert total.longest_s == whole.longest_s


def test_longer_than_an_hour_counts_as_an_hour_and_is_not_lost():
    assert of(5000.0).count == 1
    assert of(5000.0).at_s(100) == pytest.approx(3600, rel=1e-2)


def test_none_recorded_is_zero_and_travels():
    empty = Durations.decode(Durations().encode())
    assert (empty.count, empty.at_s(99), empty.mean_s, empty.longest_s) == (0, 0.0, 0.0, 0.0)


def test_coarse_ones_can_be_added_to_fine_ones():
    coarse = Durations(coarse=True)
    coarse.record_s(0.25)
    assert Durations.total([coarse]).at_s(50) == pytest.approx(0.25, rel=1e-2)


def test_what_is_no_histogram_is_refused():
    with pytest.raises(ValueError, match="not an encoded histogram"):
        Durations.decode("nonsense")
