"""The sign-up on every engine that runs here."""

import pytest
from signup import setup, setup_with_a_key, sign_up, sign_up_at_once

from harness.testing import program

PROGRAMS = [sign_up, program(sign_up_at_once, isolation="autocommit")]


@pytest.mark.parametrize("one", PROGRAMS, ids=["sessions", "autocommit"])
def test_one_name_may_be_taken_twice(explore, one):
    assert explore(one, one, setup=setup).violated


@pytest.mark.parametrize("one", PROGRAMS, ids=["sessions", "autocommit"])
def test_a_unique_key_mends_it(explore, one):
    assert explore(one, one, setup=setup_with_a_key).holds


def test_three_at_once_and_one_is_welcome(explore):
    three = [program(sign_up_at_once, isolation="autocommit")] * 3
    assert explore(*three, setup=setup_with_a_key).holds
