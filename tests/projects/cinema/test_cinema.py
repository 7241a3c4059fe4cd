"""The cinema on every engine that runs here."""

from cinema import book, book_in_one, setup, setup_with_a_key


def test_one_seat_may_be_booked_twice(explore):
    assert explore(book, book, setup=setup).violated


def test_a_unique_key_mends_it(explore):
    assert explore(book, book, setup=setup_with_a_key).holds


def test_the_lock_of_the_seat_mends_it_at_read_committed(explore):
    assert explore(book_in_one, book_in_one, setup=setup).holds


def test_the_same_lock_is_not_enough_where_the_snapshot_is_older(explore, live_engine):
    """PostgreSQL takes its snapshot before it waits for the lock; InnoDB takes it after."""
    found = explore(book_in_one, book_in_one, setup=setup, isolation="repeatable-read")
    assert found.violated if live_engine == "postgresql" else found.holds
