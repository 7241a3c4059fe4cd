"""How long a raised limit lasts: the exam's arithmetic against method 1 of problem B."""

from datetime import date

import pytest

from workloads.billing.growth import fails_in, lasts_for, volume

TODAY = date(2024, 10, 1)


def test_a_limit_for_the_average_month_fails_in_the_next():
    assert fails_in(1.0, TODAY) == date(2024, 11, 1)


def test_raised_by_a_fifth_it_fails_in_the_first_peak_and_for_good_after_a_year():
    assert fails_in(1.2, TODAY) == date(2024, 12, 1)
    assert lasts_for(1.2) == 13
    # If today's month is the peak it just fits, and the next month is small again.
    assert fails_in(1.2, TODAY, peak_month=10) == date(2025, 10, 1)


def test_a_peak_after_a_year_is_beyond_any_fifth():
    assert volume(12, peak=True) == pytest.approx(1.44)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_is_refused(limit):
    with pytest.raises(ValueError, match="must be above 0"):
        fails_in(limit, TODAY)
