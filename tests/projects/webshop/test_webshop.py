"""The web shop on every engine that runs here."""

import pytest
from webshop import (
    OutOfStock,
    no_more_sold_than_there_was,
    order_lamps,
    order_lamps_guarded,
    order_lamps_locking,
    setup,
)

from harness.testing import program


def ordering(function):
    return program(function, expected_errors=(OutOfStock,))


def test_two_orders_at_once_sell_more_lamps_than_there_are(explore):
    found = explore(
        ordering(order_lamps),
        ordering(order_lamps),
        setup=setup,
        invariants=[no_more_sold_than_there_was],
    )
    assert found.violated
    assert "4 lamps are sold" in str(found)


@pytest.mark.parametrize("mended", [order_lamps_locking, order_lamps_guarded])
def test_a_lock_or_a_guard_mends_it(explore, mended):
    found = explore(
        ordering(mended),
        ordering(mended),
        setup=setup,
        invariants=[no_more_sold_than_there_was],
    )
    assert found.holds


def test_an_error_that_nobody_expects_leaves_it_unknown(explore):
    found = explore(order_lamps_guarded, order_lamps_guarded, setup=setup)
    assert not found.holds
    assert not found.violated
    assert "raised OutOfStock: lamp" in str(found)
