"""Rows as the isolation tester prints them; the live tests compare with the tester itself."""

import pytest

from harness.specs.answer import Rows, aligned


def table(columns, *rows):
    return aligned(Rows(tuple(columns), rows))


def test_numbers_stand_right_and_everything_else_left():
    assert table(["id", "name"], ("1", "a"), ("10", "bcd")) == (
        "id|name\n--+----\n 1|a   \n10|bcd \n(2 rows)\n\n"
    )


def test_null_and_the_empty_text_look_alike():
    assert table(["a", "b"], (None, "x"), ("", None)) == "a|b\n-+-\n |x\n | \n(2 rows)\n\n"


def test_no_row_is_a_table_too():
    assert table(["count"]) == "count\n-----\n(0 rows)\n\n"


def test_one_row_is_no_plural():
    assert table(["n"], ("7",)).endswith("(1 row)\n\n")


def test_result_without_columns_is_not_shown():
    assert table([], (), ()) == ""


def test_widths_are_bytes():
    assert table(["ö", "n"], ("abc", "1")) == "ö |n\n---+-\nabc|1\n(1 row)\n\n"


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("-1.5", True),
        ("1e5", True),
        ("2026-01-02", True),
        ("E5", False),
        ("1 ", False),
        ("2026-01-02 10:00", False),
        ("t", False),
        ("+1", False),
    ],
)
def test_what_counts_as_a_number(value, right):
    line = table(["a long name"], (value,)).splitlines()[2]
    assert line == (value.rjust(11) if right else value.ljust(11))


def test_one_word_makes_a_column_of_words():
    assert table(["n"], ("1",), ("x2",)) == "n \n--\n1 \nx2\n(2 rows)\n\n"
