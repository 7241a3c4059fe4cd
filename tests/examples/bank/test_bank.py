"""The bank on every engine that runs here: pytest -m integration"""

from bank import nobody_is_overdrawn, setup, withdraw, withdraw_locking


def test_two_withdrawals_at_once_may_overdraw_the_account(explore):
    explored = explore(withdraw, withdraw, setup=setup, invariants=[nobody_is_overdrawn])
    assert explored.violated


def test_a_locking_read_mends_it_in_every_interleaving(explore):
    assert explore(withdraw_locking, withdraw_locking, setup=setup).holds
