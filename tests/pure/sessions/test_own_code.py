"""An error is told with the line of the user's own code, not with a package's."""

import json
from functools import partial

import pytest

from harness.errors import UsageError
from harness.sessions.own_code import at_line, line_of
from harness.taking import told_by


def asks_a_package():
    return json.loads("{")


def asks_the_harness():
    return told_by(lambda session: session, "pay")


def above(function):
    return function()


def raised_by(function) -> Exception:
    with pytest.raises((ValueError, UsageError)) as caught:
        function()
    return caught.value


def first_line_of(function) -> str:
    return f"test_own_code.py, line {function.__code__.co_firstlineno + 1}"


def test_what_a_package_raises_is_told_where_it_was_asked():
    assert line_of(raised_by(asks_a_package)) == first_line_of(asks_a_package)


def test_so_is_what_the_harness_raises():
    assert line_of(raised_by(asks_the_harness)) == first_line_of(asks_the_harness)


def test_the_innermost_line_of_one_s_own_is_told():
    error = raised_by(partial(above, asks_a_package))
    assert at_line(error) == f" ({first_line_of(asks_a_package)})"


def test_an_error_that_nobody_raised_has_no_line():
    assert (line_of(KeyError("x")), at_line(KeyError("x"))) == ("", "")
