"""What is told of programs beside the verdict, from the steps that they took."""

import pytest

from harness.interleave.execution import Execution, Turn
from harness.interleave.notes import Notes
from harness.programs import Program, Raised, Returned, Stopped, Takes
from harness.sessions.step import AUTOCOMMIT, Step, StepKind

WRITE = Step(StepKind.STATEMENT, "update account set balance = 0")
READ = Step(StepKind.STATEMENT, "select balance from account for update")
CALL = Step(StepKind.STATEMENT, "call what_may_write()")
DDL = Step(StepKind.STATEMENT, "create table spare (id int)")
BEGIN = Step(StepKind.STATEMENT, "start transaction")
END = Step.of_statement("COMMIT", None)
HIDDEN_END = Step.of_statement("/* by hand */ COMMIT", None)
ALONE = Step(StepKind.STATEMENT, "update account set balance = 0", None, AUTOCOMMIT)
SAVEPOINT = Step.of_statement("savepoint here", None)
COMMIT, ROLLBACK = Step(StepKind.COMMIT, "commit"), Step(StepKind.ROLLBACK, "rollback")


def nothing(_connection): ...


def execution(*steps: Step) -> Execution:
    return Execution([Turn(n, "T1", step, ("T1",)) for n, step in enumerate(steps, start=1)])


def told(*executions: Execution) -> list[str]:
    notes = Notes({"T1": Program("pay", nothing)}, "mysql")
    for one in executions:
        notes.look_at(one)
    return notes.told()


FORGOTTEN = [
    "T1 (pay) writes and never commits: what it wrote was rolled back behind it; "
    "is a commit missing?"
]


@pytest.mark.parametrize(
    "steps",
    [
        (WRITE, ROLLBACK),
        (READ, COMMIT, WRITE, ROLLBACK),
        (CALL, WRITE, ROLLBACK),
        (WRITE, READ, SAVEPOINT, WRITE, ROLLBACK),
    ],
    ids=["no-commit", "commit-of-a-read", "may-write-before", "savepoint"],
)
def test_a_program_whose_writes_never_last_is_told(steps):
    assert told(execution(*steps)) == FORGOTTEN


@pytest.mark.parametrize(
    "steps",
    [
        (WRITE, COMMIT),
        (WRITE, COMMIT, WRITE, ROLLBACK),
        (READ, ROLLBACK),
        (ALONE,),
        (CALL, ROLLBACK),
        (WRITE,),
        (WRITE, END, ROLLBACK),
        (WRITE, HIDDEN_END, ROLLBACK),
        (WRITE, DDL, ROLLBACK),
        (WRITE, BEGIN, ROLLBACK),
        (WRITE, CALL, ROLLBACK),
        (CALL, COMMIT, WRITE, ROLLBACK),
    ],
    ids=[
        *("commits", "commits-once", "reads", "autocommit", "may-write", "cut-off"),
        *("commits-by-hand", "commits-unseen", "ddl", "begins-anew", "may-commit"),
        "may-have-written-before",
    ],
)
def test_others_are_not(steps):
    assert told(execution(*steps)) == []


def test_it_is_enough_that_it_commits_in_one_execution():
    """A deadlock's victim is rolled back, and has nothing forgotten."""
    assert told(execution(WRITE, ROLLBACK), execution(WRITE, COMMIT)) == []


def hints(end, takes=Takes.CONNECTION) -> list[str]:
    notes = Notes({"T1": Program("pay", nothing, takes=takes)}, "postgres")
    for _ in range(2):
        notes.wonder_at(Execution(ends={"T1": end}))
    return notes.hints


@pytest.mark.parametrize(
    ("end", "beginning"),
    [
        (
            Raised("AttributeError", "'Connection' object has no attribute 'get'"),
            "T1 was given a Connection; a session is --takes T1=session, in a test",
        ),
        (
            Raised("KeyError", "'x'", where="shop.py, line 7"),
            "T1 raised it in shop.py, line 7: does it run by itself on what the setup makes?",
        ),
        (Stopped("more than 1000 steps"), "does T1 ask again and again until another"),
    ],
    ids=["takes-something-else", "raises", "never-ends"],
)
def test_where_nothing_is_known_it_is_told_what_to_look_at(end, beginning):
    (hint,) = hints(end)
    assert hint.startswith(beginning)


@pytest.mark.parametrize(
    "end",
    [Returned(1), Raised("OutOfStock", "", expected=True), Stopped("the server is gone")],
    ids=["returned", "expected", "server-gone"],
)
def test_what_is_known_asks_for_nothing(end):
    assert not hints(end)
