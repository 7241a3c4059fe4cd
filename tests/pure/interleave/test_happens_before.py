"""The order of cause, on executions written by hand: `T1 update a` is a turn."""

import pytest

from harness.engines import Isolation
from harness.interleave.event import Reading, conflict, events_of
from harness.interleave.execution import Execution, Turn
from harness.interleave.footprint import Mode, References
from harness.interleave.happens_before import HappensBefore
from harness.locks import Wait
from harness.outcome import Refusal
from harness.sessions.step import Effect, Step, StepError, StepKind

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


def refused(kind: str, code: str, *, ends: bool) -> Effect:
    return Effect(error=StepError("Error", "", Refusal(kind, code, False, ends)))


def with_texts(*lines: tuple[str, str], answers=None) -> Execution:
    """Turns as they are: who, and the text; answers by number, `done` if none is given."""
    turns = []
    for number, (session, asked) in enumerate(lines, start=1):
        effect = (answers or {}).get(number, Effect())
        step = Step.of_statement(asked, ())
        turns.append(Turn(number, session, step, ("T1", "T2"), effect=effect, settled_in=number))
    return Execution(turns)


UNKNOWN = Effect(error=StepError("DataError", "out of range"))


@pytest.mark.parametrize(
    "answer", [refused("constraint", "23505", ends=True), UNKNOWN], ids=["refused", "unknown"]
)
def test_what_was_done_before_a_savepoint_outlives_an_error_inside(answer):
    lines = ["update a set v = 1", "SAVEPOINT s", "insert into b (v) values (1)"]
    lines += ["ROLLBACK TO SAVEPOINT s", "commit"]
    happened = with_texts(*(("T1", line) for line in lines), answers={3: answer})
    assert events_of(happened, reading())[-1].footprint.modes["a"] is Mode.EXCLUDES


@pytest.mark.parametrize(
    ("answer", "left"), [(refused("deadlock", "1213", ends=True), {}), (UNKNOWN, {"a"})]
)
def test_an_error_without_a_savepoint_ends_the_transaction_if_that_is_known(answer, left):
    lines = ("update a set v = 1", "update b set v = 1", "commit")
    happened = with_texts(*(("T1", line) for line in lines), answers={2: answer})
    assert events_of(happened, reading())[-1].footprint.modes.keys() >= set(left)
    assert bool(events_of(happened, reading())[-1].footprint.modes) is bool(left)


def snapshots(*lines: str, answer=None, tables=None) -> list[bool]:
    """Which turns of one session may take its snapshot."""
    happened = with_texts(*(("T1", line) for line in lines), answers=answer)
    references = References.of([], tables)
    known = Reading("postgres", references, Isolation.REPEATABLE_READ, every_end_matters=False)
    return ["*" in event.footprint.modes for event in events_of(happened, known)]


ONE_ROW = Effect(0, ("v",), ((1,),))


def test_the_first_statement_and_the_first_plain_read_may_take_the_snapshot():
    lines = (
        "select v from a for update",
        "update a set v = 1",
        "select v from b",
        "select v from c",
    )
    assert snapshots(*lines, answer={3: ONE_ROW}) == [True, False, True, False]


def test_a_locking_read_with_a_plain_one_inside_may_take_the_snapshot():
    inner = "select v from a where v = (select max(v) from b) for update"
    assert snapshots("update a set v = 1", inner) == [True, True]


def test_a_read_without_an_answer_and_a_variable_that_is_set_may_not_have_taken_it():
    lines = ("set lock_timeout = 5", "select v from a", "select v from b", "select v from c")
    assert snapshots(*lines, answer={3: ONE_ROW}) == [True, True, True, False]


@pytest.mark.parametrize("unreadable", ["end", "abort", "/* unseen */ commit", "truncate t"])
def test_what_cannot_be_read_may_have_ended_the_transaction_and_its_snapshot(unreadable):
    lines = ("select v from a", "select v from b", unreadable, "select v from a", "select v from b")
    answered = {1: ONE_ROW, 4: ONE_ROW}
    assert snapshots(*lines, answer=answered) == [True, False, True, True, False]


def test_a_read_that_locks_in_a_part_of_it_may_not_have_taken_the_snapshot():
    lines = ("select exists(select 1 from a for update)", "select v from b", "select v from c")
    assert snapshots(*lines, answer={1: ONE_ROW, 2: ONE_ROW}) == [True, True, False]


def test_a_read_of_what_is_no_table_of_ours_may_not_have_taken_the_snapshot():
    lines = ("select name from information_schema.tables", "select v from b", "select v from c")
    answered = {1: ONE_ROW, 2: ONE_ROW}
    assert snapshots(*lines, answer=answered, tables=["a", "b", "c"]) == [True, True, False]


def test_each_transaction_takes_a_snapshot_of_its_own():
    lines = ("select v from a", "select v from b", "commit", "select v from a")
    assert snapshots(*lines, answer={1: ONE_ROW, 4: ONE_ROW}) == [True, False, False, True]


@pytest.mark.parametrize(
    "chosen",
    [
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET tx_isolation = 'SERIALIZABLE'",
        "SET @@session.transaction_isolation = 'SERIALIZABLE'",
        "SET default_transaction_isolation = 'serializable'",
        "/* a comment */ SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "-- a comment\nSTART TRANSACTION",
        "SELECT set_config('transaction_isolation', 'serializable', false)",
        "CALL p()",
    ],
)
def test_after_a_level_chosen_in_sql_nothing_commutes(chosen):
    happened = with_texts(("T1", chosen), ("T1", "select v from a"), ("T2", "update b set v = 1"))
    events = events_of(happened, reading())
    assert events[1].strict
    assert conflict(events[1], events[2], reading())


def test_a_variable_that_is_set_chooses_no_level():
    happened = with_texts(("T1", "SET lock_timeout = 5"), ("T1", "select v from a"))
    assert not events_of(happened, reading())[1].strict


def test_ends_that_let_somebody_go_on_only_together_do_not_commute():
    happened = with_texts(
        ("T1", "select v from a for share"),
        ("T2", "select v from a for share"),
        ("T3", "update a set v = 1"),
        ("T1", "commit"),
        ("T2", "commit"),
    )
    happened.turns[2].wait, happened.turns[2].settled_in = Wait("T3", ()), 5
    events = events_of(happened, reading())
    assert conflict(events[3], events[4], reading())


def test_a_race_is_reversed_by_who_can_begin():
    """T3 must update b and commit before T2 can read c before T1 changes it."""
    found = order(
        "T1 update c",
        "T1 commit",
        "T3 update b",
        "T3 commit",
        "T2 read b",
        "T2 read c",
        "T2 commit",
    )
    races = list(found.races())
    assert (1, 5) in races
    assert found.first_in_reversal(1, 5) == ["T3"]


def test_who_is_let_go_on_by_a_turn_does_not_race_with_it():
    found = order("T1 update a", "T2 update a waits 3", "T1 commit", "T2 update a", "T2 commit")
    assert (1, 2) in list(found.races())
    assert not [race for race in found.races() if race[0] == 2]


@pytest.mark.parametrize(
    ("certifies", "programs", "ended", "expected"),
    [
        (False, 3, True, False),
        (True, 2, True, True),
        (True, 2, False, False),
        (True, 3, False, True),
    ],
)
def test_who_watches_reads_may_refuse_at_whatever_comes_next(certifies, programs, ended, expected):
    known = Reading("postgres", References(), Isolation.SERIALIZABLE, False, certifies, programs)
    own = ["update a set v = 1", "commit"] if ended else ["update a set v = 1"]
    lines = [("T2", "select v from c"), *(("T1", line) for line in own), ("T2", "select v from b")]
    events = events_of(with_texts(*lines, answers={1: ONE_ROW}), known)
    assert conflict(events[-2], events[-1], known) is expected


BEFORE = {"first": [], "next": ["update a set v = 1", "commit"], "unreadable": ["end"]}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_a_transaction_that_has_ended_is_a_third_to_the_next_of_its_session(before):
    known = Reading("postgres", References(), Isolation.SERIALIZABLE, False, certifies=True)
    begun = [("T1", "select v from d"), ("T2", "select v from d")]
    lines = [("T1", line) for line in before] + begun
    reads = {len(lines) - 1: ONE_ROW, len(lines): ONE_ROW}
    lines += [("T2", "update c set v = 1"), ("T1", "select v from b")]
    *_, change, read = events_of(with_texts(*lines, answers=reads), known)
    assert (change.again, read.again) == (False, bool(before))
    assert conflict(change, read, known) is bool(before)
