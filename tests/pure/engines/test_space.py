"""Bytes of two tables together."""

from harness.engines.replacing import Space


def test_what_is_not_known_of_one_table_is_not_known_of_both():
    one, other = Space(100, 40, 10, None, 50, 90), Space(200, 80, 20, 5, 90, None)
    assert one.with_(other) == Space(300, 120, 30, None, 140, None)
