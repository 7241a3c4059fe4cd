"""Who takes a connection while explorations are under way: the harness, or nobody knows who."""

import threading
from contextlib import nullcontext

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from harness.errors import ProgramMisbehaved
from harness.sessions.hold import ConnectionRule
from harness.sessions.own_threads import is_own_thread, own_thread


@pytest.fixture
def rule():
    rule = ConnectionRule()
    yield rule
    rule.lift()


def connect_on_a_thread(*, own):
    """What came of it."""
    database = create_engine("sqlite://", poolclass=StaticPool)
    raised = []

    def connect():
        try:
            with own_thread() if own else nullcontext():
                database.connect().close()
        except ProgramMisbehaved as error:
            raised.append(error.message)

    thread = threading.Thread(target=connect, name="somebody")
    thread.start()
    thread.join()
    database.dispose()
    return raised


def test_the_harness_and_who_made_the_rule_may_connect(rule):
    create_engine("sqlite://").connect().close()
    assert connect_on_a_thread(own=True) == []
    assert rule.broken is None


def test_a_thread_that_is_nobodys_may_not_and_it_is_told(rule):
    said = "a connection was taken on another thread (somebody), which cannot be held"
    assert connect_on_a_thread(own=False) == [said]
    assert rule.broken == said


def test_once_it_is_lifted_everybody_may():
    rule = ConnectionRule()
    rule.lift()
    assert connect_on_a_thread(own=False) == []
    assert rule.broken is None


def test_own_work_ends_with_its_block():
    assert not is_own_thread()
    with own_thread(), own_thread():
        assert is_own_thread()
    assert not is_own_thread()
