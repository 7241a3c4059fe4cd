"""The order of cause, on executions written by hand: `T1 update a` is a turn."""

import pytest

from harness.engines import Isolation
from harness.interleave.execution import Execution, Turn
from harness.interleave.footprint import References
from harness.interleave.happens_before import HappensBefore, Reading
from harness.locks import Wait
from harness.sessions.step import Step, StepKind

TEXTS = {
    "read": "select v from {}",
    "update": "update {} set v = 1",
}


def reading(isolation=Isolation.READ_COMMITTED, *, watched=False) -> Reading:
    return Reading("postgres", References(), isolation, every_end_matters=watched)


def execution(*lines: str) -> Execution:
    """Turns from lines: who, what, on which table; `waits N` says that turn N lets it go on."""
    turns = []
    for number, line in enumerate(lines, start=1):
        session, verb, *rest = line.split()
        kind = StepKind.COMMIT if verb == "commit" else StepKind.STATEMENT
        text = TEXTS[verb].format(rest[0]) if kind is StepKind.STATEMENT else verb
        turn = Turn(number, session, Step(kind, text), ("T1", "T2"), settled_in=number)
        if "waits" in rest:
            turn.wait, turn.settled_in = Wait(session, ()), int(rest[-1])
        turns.append(turn)
    return Execution(turns)


def order(*lines: str, **known) -> HappensBefore:
    return HappensBefore(execution(*lines), reading(**known))


def test_programs_on_two_tables_commute_whole():
    found = order("T1 update a", "T1 commit", "T2 update b", "T2 commit")
    assert list(found.races()) == []
    assert found.executions() == 6


def test_commits_that_are_looked_at_do_not_commute():
    found = order("T1 update a", "T1 commit", "T2 update b", "T2 commit", watched=True)
    assert list(found.races()) == [(1, 3)]
    assert found.executions() == 3


def test_a_read_races_with_the_commit_that_it_sees_not_with_the_update_before():
    found = order("T1 update a", "T2 read a", "T1 commit", "T2 commit")
    assert list(found.races()) == [(1, 2)]


def test_a_read_that_sees_uncommitted_rows_races_with_the_update_too():
    lines = ("T1 update a", "T2 read a", "T1 commit", "T2 commit")
    found = order(*lines, isolation=Isolation.READ_UNCOMMITTED)
    assert (0, 1) in list(found.races())


def test_a_first_statement_races_with_every_commit_where_snapshots_are_kept():
    lines = ("T1 update a", "T2 read b", "T1 commit", "T2 commit")
    assert list(order(*lines).races()) == []
    assert list(order(*lines, isolation=Isolation.REPEATABLE_READ).races()) == [(1, 2)]


def test_an_update_that_waits_is_caused_by_the_commit_that_lets_it_go_on():
    found = order("T1 update a", "T2 update a waits 3", "T1 commit", "T2 commit")
    assert found.causes[3] == {0, 1, 2}
    assert found.executions() == 1


def test_waits_that_begin_in_another_order_are_another_execution():
    """Who begins to wait last may close a cycle and be its victim."""
    found = order("T1 update a waits 3", "T2 update b waits 4", "T3 commit", "T3 commit")
    assert (0, 1) in list(found.races())


def test_executions_that_exchange_commuting_neighbours_have_one_identity():
    one = order("T1 update a", "T2 update b", "T1 commit", "T2 commit").identity()
    same = order("T2 update b", "T1 update a", "T1 commit", "T2 commit").identity()
    other = order("T1 update a", "T1 commit", "T2 update a", "T2 commit").identity()
    assert one == same != other


@pytest.mark.parametrize("isolation", list(Isolation), ids=lambda level: level.slug)
def test_updates_of_one_table_never_commute(isolation):
    found = order("T1 update a", "T1 commit", "T2 update a", "T2 commit", isolation=isolation)
    assert found.executions() == 1
