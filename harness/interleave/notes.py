"""What a person should know of a cell's programs beside the verdict.

A *note* is something that was seen and that a verdict does not tell: a program that writes and
never commits has changed nothing, so it breaks nothing either. A *hint* says what to look at where
nothing could be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.interleave.execution import Execution
from harness.interleave.statement import Statement, read_statement
from harness.interleave.written import EVERYTHING, written_by
from harness.programs import Program, Raised, Stopped, Takes
from harness.sessions.step import StepKind

_ENDS = (StepKind.COMMIT, StepKind.ROLLBACK)


class Notes:
    """Looks on while programs are explored."""

    def __init__(self, programs: Mapping[str, Program], dialect: str) -> None:
        self._programs = programs
        self._dialect = dialect
        self._undone: set[str] = set()
        self._kept: set[str] = set()
        self._hints: dict[str, None] = {}

    @property
    def hints(self) -> list[str]:
        """What to look at, each hint once."""
        return list(self._hints)

    def look_at(self, execution: Execution) -> None:
        """See whose writes were committed, and whose were rolled back."""
        pending: dict[str, bool] = {}  # who may have written since its last end: surely?
        for turn in execution.turns:
            name, step = turn.session, turn.step
            if name in self._kept:
                continue
            if step.kind is StepKind.STATEMENT:
                written = written_by(step.text, self._dialect)
                if pending.get(name) and self._may_commit(step.text):
                    self._kept.add(name)
                if written:
                    pending[name] = pending.get(name, False) or written != EVERYTHING
            if name in pending and step.commits:
                self._kept.add(name)
            if step.kind in _ENDS and pending.pop(name, False):
                self._undone.add(name)

    def told(self) -> list[str]:
        """One sentence for each program whose writes were rolled back in every execution."""
        return [
            f"{name} ({program.title}) writes and never commits: what it wrote was rolled back "
            "behind it; is a commit missing?"
            for name, program in self._programs.items()
            if name in self._undone - self._kept
        ]

    def wonder_at(self, execution: Execution) -> None:
        """Keep what to look at, as an execution that should tell something told nothing."""
        self._hints |= dict.fromkeys(self._asked_of(execution))

    def _may_commit(self, text: str) -> bool:
        """Whether a statement may commit what was done before it.

        One that cannot be read may: a definition does on some engines, a procedure where it says
        so. Of those that touch no table a new begin and a changed autocommit do.
        """
        return read_statement(text, self._dialect) in (None, Statement())

    def _asked_of(self, execution: Execution) -> Iterator[str]:
        for name, end in execution.ends.items():
            if isinstance(end, Raised) and not end.expected:
                given = self._programs[name].takes
                if given is Takes.CONNECTION and "'Connection' object" in end.message:
                    yield (
                        f"{name} was given a Connection; "
                        f"a session is --takes {name}=session, in a test takes='session'"
                    )
                    continue
                yield (
                    f"{name} raised it in {end.where or 'a package'}: does it run by itself on "
                    "what the setup makes? an exception that is a result is named as expected: "
                    "--expected-error, expected_errors"
                )
            elif isinstance(end, Stopped) and end.reason.endswith(" steps"):
                yield (
                    f"does {name} ask again and again until another program has done something? "
                    "the others are held meanwhile"
                )
