"""A network can be run, or says what is wrong with it."""

from __future__ import annotations

import pytest

from harness.jobs.job import Job
from harness.jobs.network import NetworkError, Placement, Undisturbed, build


def test_a_job_follows_its_milestone_and_a_milestone_the_jobs_before_it(make):
    network = make(a=(1,), b=(1, "a"), c=(2,))
    assert network.predecessors == {
        "T1": frozenset(),
        "a": {"T1"},
        "b": {"T1", "a"},
        "T2": {"T1", "a", "b"},
        "c": {"T2"},
        "T3": {"T2", "c"},
    }
    assert list(network.order) == ["T1", "a", "b", "T2", "c", "T3"]
    assert network.ancestors["c"] == {"T1", "a", "b", "T2"}


def test_jobs_of_one_window_are_not_ordered_unless_one_follows_the_other(make):
    network = make(a=(1,), b=(1,), c=(1, "a"))
    assert not network.ordered("a", "b")
    assert network.ordered("c", "a")


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ({"a": (1, "b"), "b": (1, "a")}, "follows itself"),
        ({"a": (1, "a")}, "job 'a': follows itself: a before a"),
        ({"a": (1, "x")}, "job 'a': follows 'x', which is no job"),
        ({"a": (0,)}, "puts it into window 0"),
        ({"a": (3,)}, "puts it into window 3"),
        ({"a": (1, "b"), "b": (2,)}, "window 1, and it follows 'b' of window 2"),
        ({"T2": (1,)}, "milestone 'T2': a job has that name"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_job(make, jobs, said):
    with pytest.raises(NetworkError) as refused:
        make(**jobs)
    assert said in refused.value.explain()
    assert refused.value.exit_status == 64


def test_a_job_that_is_not_placed_or_given_twice_is_refused():
    a = Job("a", "a")
    with pytest.raises(NetworkError, match="placement 'made' does not place it"):
        build([a], ["T1", "T2"], Placement("made", "", {}))
    with pytest.raises(NetworkError, match="job 'a': is given twice"):
        build([a, a], ["T1", "T2"], Placement("made", "", {"a": 1}))
    with pytest.raises(NetworkError, match="places 'b', which is no job"):
        build([a], ["T1", "T2"], Placement("made", "", {"a": 1, "b": 1}))
    with pytest.raises(NetworkError, match="milestones T1: a night needs two"):
        build([a], ["T1"], Placement("made", "", {"a": 1}))


def meeting(*undisturbed, after=()):
    reader = Job("reader", "", frozenset(after), reads=frozenset({"t"}))
    writer = Job("writer", "", writes=frozenset({"t"}))
    placement = Placement("made", "", {"reader": 1, "writer": 1})
    return build([reader, writer], ["T1", "T2"], placement, undisturbed)


def test_jobs_at_once_that_meet_on_a_table_are_a_conflict():
    (found,) = meeting().conflicts()
    assert str(found) == "reader and writer may run at once, and meet on t"
    assert not list(meeting(after=["writer"]).conflicts())
    assert not list(meeting(Undisturbed("reader", "t", "writer", "other columns")).conflicts())
    assert list(meeting(Undisturbed("writer", "t", "reader", "the wrong way")).conflicts())
