"""A night that began is not begun again as if nothing had been."""

from __future__ import annotations

import pytest

from harness.jobs.course import Course
from harness.jobs.ledger import Event, Ledger
from harness.jobs.runner import PlanNeeded, run_night


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([("reached", "T1")], "no job was at work"),
        ([("passed", "T1")], "no job was at work"),
        ([("passed", "T1"), ("started", "a"), ("ended", "a")], "no job was at work"),
        ([("passed", "T1"), ("started", "a")], "a began and did not end"),
    ],
)
def test_a_night_that_broke_off_needs_a_plan(make, tmp_path, entries, said):
    """Between two jobs as well: what had no log is lost there too."""
    network = make(a=(1,), b=(2, "a"))
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        for event, subject in entries:
            ledger.record(Event(event), subject)
        with pytest.raises(PlanNeeded, match=said):
            run_night(None, None, None, Course(network), ledger)
