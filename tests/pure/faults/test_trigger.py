"""A trigger fires at its commit, and holds the writer whose commit it is until the kill is done."""

import threading

import pytest

from harness.faults.moment import Moment
from harness.faults.trigger import KilledBeforeCommit, Trigger


def trigger(text):
    return Trigger(Moment.parse(text))


def commit(fired):
    fired.commit_asked()
    fired.commit_acknowledged()


def test_nothing_fires_before_its_commit():
    before = trigger("before commit 3")
    commit(before)
    commit(before)
    assert not before.fired.is_set()
    assert before.begun.is_set()


def test_before_a_commit_the_program_never_sends_it():
    before = trigger("before commit 1")
    before.dead.set()  # the kill is done while the writer waits
    with pytest.raises(KilledBeforeCommit):
        before.commit_asked()
    assert before.fired.is_set()


def test_during_a_commit_nobody_waits():
    during = trigger("during commit 1")
    during.commit_asked()
    assert during.fired.is_set()


def test_after_a_commit_it_fires_when_that_is_acknowledged():
    after = trigger("after commit 1")
    after.commit_asked()
    assert not after.fired.is_set()
    after.dead.set()
    after.commit_acknowledged()
    assert after.fired.is_set()


def test_after_a_commit_that_is_refused_another_takes_its_place():
    after = trigger("after commit 1")
    after.commit_asked()
    after.commit_refused()
    assert not after.fired.is_set()
    after.dead.set()
    commit(after)
    assert after.fired.is_set()


def test_commits_of_all_writers_are_counted_together():
    after = trigger("after commit 4")
    after.dead.set()
    threads = [threading.Thread(target=commit, args=(after,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert after.fired.is_set()


@pytest.mark.parametrize("text", ["in statement 0.5", "at random 0.1"])
def test_other_moments_are_not_timed_by_commits(text):
    other = trigger(text)
    for _ in range(100):
        commit(other)
    assert not other.fired.is_set()
