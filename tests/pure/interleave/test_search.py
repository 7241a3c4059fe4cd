"""One budget for a cell, whoever searches."""

import pickle
from dataclasses import replace

from harness.clock import Deadline
from harness.engines import Isolation
from harness.interleave.event import Reading
from harness.interleave.execution import Execution
from harness.interleave.exhaustive import Share
from harness.interleave.scheduler import Rest
from harness.interleave.search import Bounds, Sample, new_search

READING = Reading("postgres", None, Isolation.READ_COMMITTED, every_end_matters=False)
SHARE = Share(((Rest(("T1", "T2")), "T1"),))


def begins(bounds, share=None):
    return new_search(bounds, READING, Execution, share).new_execution()


def test_a_budget_runs_from_the_beginning_and_is_not_begun_again():
    bounds = Bounds(budget_s=3600)
    assert bounds.deadline is None
    begun = bounds.begun()
    assert begun.deadline.length_s == 3600
    assert begun.begun() is begun
    assert Bounds().begun() == Bounds()


def test_a_share_gets_what_is_left_of_the_cells_budget():
    bounds = Bounds(budget_s=3600)
    assert begins(bounds)
    over = replace(bounds, deadline=Deadline.after(0))
    for asked in (over, replace(over, reduction=True), replace(over, preemptions=2)):
        assert not begins(asked)
    assert not begins(over, SHARE)
    assert not begins(replace(over, sample=Sample("random", 1)))


def test_another_process_gets_the_same_moment():
    begun = Bounds(budget_s=3600).begun()
    assert pickle.loads(pickle.dumps(begun)) == begun
