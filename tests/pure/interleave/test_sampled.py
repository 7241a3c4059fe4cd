from itertools import pairwise, permutations

import pytest
from pure.interleave.simulated import Simulated, conduct
from pure.interleave.test_exhaustive import LOST_UPDATE, search

from harness.clock import Deadline
from harness.interleave.execution import Execution
from harness.interleave.preempting import FewPreemptions
from harness.interleave.sampled import METHODS, Sampled


def sample(scheduler: Sampled) -> list:
    found = []
    while scheduler.new_execution():
        found.append(conduct(Simulated(LOST_UPDATE, LOST_UPDATE), scheduler))
    return found


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_repeats_a_sample(method):
    assert sample(Sampled(method, 7, 20)) == sample(Sampled(method, 7, 20))
    assert sample(Sampled(method, 7, 20)) != sample(Sampled(method, 8, 20))


@pytest.mark.parametrize("method", METHODS)
def test_a_sample_has_as_many_executions_as_asked_and_is_never_complete(method):
    scheduler = Sampled(method, 1, 400)
    found = sample(scheduler)
    assert (len(found), scheduler.executions) == (400, 400)
    assert len(set(found)) <= 14
    assert not scheduler.complete


def test_a_sample_that_met_everything_still_does_not_say_so():
    scheduler = Sampled("random", 1, 400)
    assert len(set(sample(scheduler))) == 14
    assert not scheduler.complete


def test_what_was_drawn_before_stands_for_nothing_new():
    scheduler = Sampled("random", 1, 50)
    stood_for = 0
    while scheduler.new_execution():
        conduct(Simulated("r", "r"), scheduler)
        stood_for += scheduler.learn(Execution())
    assert (scheduler.executions, stood_for) == (50, 2)


def test_a_budget_that_is_over_ends_a_sample():
    assert sample(Sampled("random", 1, 50, Deadline.after(0))) == []


def preemptions(turns) -> int:
    """How often a session lost the turn that still had turns to take."""
    return sum(
        before != behind and before in turns[place:]
        for place, (before, behind) in enumerate(pairwise(turns), start=1)
    )


@pytest.mark.parametrize("bound", [0, 1, 2, 3, 12])
def test_a_bound_of_preemptions_allows_the_orders_that_have_no_more(bound):
    every = set(permutations(["T1"] * 3 + ["T2"] * 3))
    scheduler = FewPreemptions(bound)
    found = [turns for turns, _ in search(lambda: Simulated("r,r,r", "r,r,r"), scheduler)]
    assert len(set(found)) == len(found)
    assert set(found) == {turns for turns in every if preemptions(turns) <= bound}
    assert scheduler.complete is (len(found) == len(every))


def test_few_preemptions_come_first():
    found = search(lambda: Simulated("r,r,r", "r,r,r"), FewPreemptions(12))
    counts = [preemptions(turns) for turns, _ in found]
    assert counts == sorted(counts)


def test_a_wide_bound_finds_every_execution_of_the_lost_update():
    scheduler = FewPreemptions(12)
    assert len(search(lambda: Simulated(LOST_UPDATE, LOST_UPDATE), scheduler)) == 14
    assert scheduler.complete
