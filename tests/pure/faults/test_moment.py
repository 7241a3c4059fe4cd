"""Moments can be drawn again, printed and read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.faults.moment import KINDS, Kind, Moment, moments


@given(st.integers(), st.integers(1, 30))
def test_the_same_seed_draws_the_same_moments(seed, kills):
    assert moments(kills, seed) == moments(kills, seed)


@given(st.integers())
def test_every_moment_survives_being_printed_and_read(seed):
    for moment in moments(10, seed):
        assert Moment.parse(str(moment)) == moment


def test_each_kind_comes_as_often_as_the_others():
    kinds = [moment.kind for moment in moments(3 * len(Kind), seed=1)]
    assert all(kinds.count(kind) == 3 for kind in Kind)


def test_only_the_kinds_asked_for_are_drawn():
    drawn = moments(9, 1, KINDS["commit"])
    assert {moment.kind for moment in drawn} == set(KINDS["commit"])


def test_every_kind_can_be_named_on_the_command_line():
    assert {kind for kinds in KINDS.values() for kind in kinds} == set(Kind)


@pytest.mark.parametrize(
    "text",
    ["", "after lunch 3", "after commit", "after commit 0", "in statement 1.5", "at random -1"],
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(UsageError, match="moment"):
        Moment.parse(text)
