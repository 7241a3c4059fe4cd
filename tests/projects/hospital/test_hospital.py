"""The hospital on every engine that runs here."""

import pytest
from hospital import go_home_1, go_home_2, setup, somebody_is_on_call

from harness.testing import program

TWO = (go_home_1, go_home_2)


@pytest.mark.parametrize("isolation", ["read-committed", "repeatable-read"])
def test_both_may_go_home(explore, isolation):
    found = explore(*TWO, setup=setup, invariants=[somebody_is_on_call], isolation=isolation)
    assert found.violated
    assert "nobody is on call" in str(found)


def test_it_is_enough_that_both_programs_choose_serializable(explore):
    programs = [program(f, isolation="serializable") for f in TWO]
    assert explore(*programs, setup=setup, invariants=[somebody_is_on_call]).holds


def test_it_is_not_enough_if_one_does(explore):
    one = program(go_home_1, isolation="serializable")
    assert explore(one, go_home_2, setup=setup, invariants=[somebody_is_on_call]).violated
