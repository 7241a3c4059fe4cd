"""The exit status of a measurement: what is known to break excuses nothing that is unknown."""

import pytest
from pure.measure.made import RETURNED, job, measured, result

from harness.checks.verdict import Verdict
from harness.cli.measure import _told

SOUND = measured((job(RETURNED),))
LOST = measured((job(RETURNED),), broken=("7 points are lost",))
OPEN = measured((job(RETURNED),), unknown=("nobody answered",))


@pytest.mark.parametrize(
    ("found", "breaks", "told"),
    [
        ([SOUND], False, Verdict.HOLDS),
        ([LOST], False, Verdict.VIOLATED),
        ([LOST], True, Verdict.HOLDS),
        ([OPEN], False, Verdict.UNKNOWN),
        ([LOST, OPEN], True, Verdict.UNKNOWN),
        ([LOST, OPEN], False, Verdict.VIOLATED),
        ([LOST, SOUND], True, Verdict.HOLDS),
    ],
)
def test_known_to_break_is_as_expected_only_if_all_trials_are_known(found, breaks, told):
    assert _told(result(*found, trials=len(found), breaks=breaks)) is told


def test_a_trial_that_is_missing_is_unknown():
    assert _told(result(LOST, trials=2, breaks=True)) is Verdict.UNKNOWN
