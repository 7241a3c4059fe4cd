from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checks.verdict import Verdict

HOLDS, UNKNOWN, VIOLATED = Verdict.HOLDS, Verdict.UNKNOWN, Verdict.VIOLATED


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ([], UNKNOWN),
        ([HOLDS], HOLDS),
        ([HOLDS, HOLDS], HOLDS),
        ([HOLDS, UNKNOWN], UNKNOWN),
        ([UNKNOWN, VIOLATED], VIOLATED),
        ([HOLDS, VIOLATED], VIOLATED),
        ([HOLDS, UNKNOWN, VIOLATED], VIOLATED),
    ],
)
def test_the_worst_of_several(verdicts, worst):
    assert {Verdict.worst(order) for order in permutations(verdicts)} == {worst}


def test_nothing_is_unknown_also_if_it_is_an_iterator():
    assert Verdict.worst(iter(())) is UNKNOWN


@given(st.lists(st.sampled_from(Verdict)), st.sampled_from(Verdict))
def test_more_evidence_never_mends_a_verdict_that_rests_on_some(verdicts, more):
    order = list(Verdict).index
    if verdicts:
        assert order(Verdict.worst([*verdicts, more])) >= order(Verdict.worst(verdicts))


@given(st.lists(st.sampled_from(Verdict)))
def test_unknown_never_becomes_fine(verdicts):
    if UNKNOWN in verdicts:
        assert Verdict.worst(verdicts) is not HOLDS
