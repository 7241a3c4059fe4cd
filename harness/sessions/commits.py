"""How many of a program's commits the server has acknowledged."""

from __future__ import annotations

from harness.sessions.step import Step


class Commits:
    """Counts commits: one has succeeded when the program goes on, or ends, without its error.

    SQLAlchemy tells of a commit before the driver is called, and of its error after.

    >>> from harness.sessions.step import StepKind
    >>> commits = Commits()
    >>> for refused in (False, True):
    ...     commits.begin(Step(StepKind.COMMIT, "commit"))
    ...     if refused:
    ...         commits.fail()
    ...     commits.settle()
    >>> commits.number
    1
    """

    def __init__(self) -> None:
        self.number = 0
        self._under_way = False

    def begin(self, step: Step) -> None:
        """A step goes to the server."""
        self._under_way = step.commits

    def go_on(self, step: Step) -> None:
        """A step that nobody held goes to the server: the one before it is over."""
        self.settle()
        self.begin(step)

    def fail(self) -> None:
        """The step ended with an error."""
        self._under_way = False

    def settle(self) -> None:
        """The program has gone on from its last step, or has ended after it."""
        self.number += self._under_way
        self._under_way = False
