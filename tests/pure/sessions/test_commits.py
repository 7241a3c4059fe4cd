"""A commit counts once the program has gone on from it, or ended after it, without its error."""

import pytest

from harness.sessions.commits import Commits
from harness.sessions.step import AUTOCOMMIT, Step, StepKind

COMMIT = Step(StepKind.COMMIT, "commit")
CHANGE = Step(StepKind.STATEMENT, "update t set v = 1")
ALONE = Step(StepKind.STATEMENT, "update t set v = 1", None, AUTOCOMMIT)


@pytest.mark.parametrize(
    ("steps", "number"),
    [
        ([CHANGE, COMMIT], 1),
        ([CHANGE, COMMIT, CHANGE, COMMIT], 2),
        ([CHANGE, COMMIT, CHANGE], 1),
        ([ALONE, ALONE], 2),
        ([CHANGE, Step(StepKind.ROLLBACK, "rollback")], 0),
    ],
)
def test_commits_that_succeed_are_counted(steps, number):
    commits = Commits()
    for step in steps:
        commits.go_on(step)
    commits.settle()
    commits.settle()
    assert commits.number == number


def test_a_commit_that_fails_is_not_counted_and_one_before_an_error_is():
    commits = Commits()
    for step in (COMMIT, CHANGE):
        commits.go_on(step)
        commits.fail()
    commits.settle()
    assert commits.number == 0
    commits.go_on(COMMIT)
    commits.go_on(CHANGE)
    commits.fail()
    commits.settle()
    assert commits.number == 1
