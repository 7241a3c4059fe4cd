"""The library on every engine that runs here."""

from explored import ada, ada_locking, bob, bob_locking, no_copy_is_lent_twice, setup


def test_a_copy_may_be_lent_to_two(explore):
    found = explore(ada, bob, setup=setup, invariants=[no_copy_is_lent_twice])
    assert found.violated
    assert "the copy is lent 2 times" in str(found)


def test_it_is_lent_to_one_where_it_is_locked_first(explore):
    assert explore(ada_locking, bob_locking, setup=setup).holds
