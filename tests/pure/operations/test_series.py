"""What samples come to: and that nothing becomes 0 because nobody told it."""

import pytest

from harness.engines.monitoring import FIGURES
from harness.operations.series import Series


def series(name, *points, missing=None) -> Series:
    made = Series()
    for at_s, value in points:
        made.add(at_s, {} if value is None else {name: value}, missing or {})
    return made


def test_a_gauge_is_weighted_by_time() -> None:
    found = series("connections", (0, 10), (1, 0), (10, 0)).summary("connections")
    assert (found.low, found.high, found.last, found.total) == (0, 10, 0, None)
    assert found.mean == pytest.approx(1.0)


def test_one_sample_of_a_gauge_is_a_value_and_of_a_counter_is_none() -> None:
    found = series("connections", (0, 3)).summary("connections")
    assert (found.low, found.mean, found.high, found.last) == (3, 3, 3, 3)
    found = series("log_bytes", (0, 3)).summary("log_bytes")
    assert not found.available
    assert found.missing


def test_a_counter_goes_on_where_it_was_when_the_server_began_anew() -> None:
    made = series("checkpoints", (0, 7), (1, 9), (2, 1), (3, 1))
    assert made.points("checkpoints") == [(0, 0.0), (1, 2.0), (2, 3.0), (3, 3.0)]
    found = made.summary("checkpoints")
    assert (found.total, found.low, found.high, found.last) == (3.0, 0.0, 2.0, 0.0)
    assert found.mean == pytest.approx(1.0)
    assert found.unit == "1/s"


def test_a_figure_that_no_sample_told_has_no_value_and_a_reason() -> None:
    made = series("row_lock_waits", (0, None), (1, None), missing={"row_lock_waits": "never"})
    found = made.summary("row_lock_waits")
    assert (found.low, found.mean, found.high, found.last, found.total) == (None,) * 5
    assert (found.available, found.missing) == (False, "never")
    assert made.summary("connections").missing == "no sample told it"


def test_samples_in_which_a_figure_is_missing_are_left_out() -> None:
    made = series("connections", (0, 2), (1, None), (2, 4))
    assert made.points("connections") == [(0, 2), (2, 4)]
    assert made.summary("connections").samples == 2


def shares(*points) -> Series:
    made = Series()
    for at_s, reads, requests in points:
        made.add(at_s, {"buffer_reads": reads, "buffer_requests": requests}, {})
    return made


def test_a_share_is_of_what_was_asked_between_two_samples() -> None:
    found = shares((0, 100, 100), (1, 150, 200), (2, 150, 200), (3, 150, 300)).summary(
        "buffer_hits"
    )
    assert (found.low, found.high, found.last, found.samples) == (0.5, 1.0, 1.0, 2)
    assert found.mean == pytest.approx(0.75)


def test_a_share_of_nothing_is_not_available() -> None:
    found = shares((0, 100, 100), (1, 100, 100)).summary("buffer_hits")
    assert not found.available
    assert "nothing was asked" in found.missing


def test_every_figure_has_a_summary() -> None:
    made = Series()
    assert set(made.summaries()) == set(FIGURES)
    assert not any(found.available for found in made.summaries().values())
