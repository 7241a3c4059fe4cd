from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Executable, Insert, Select, Update

Row = tuple[Any, ...]


class Answer(list[Row]):
    """The rows of one answer, with the few methods that the programs call."""

    def one_or_none(self) -> Row | None:
        return self[0] if self else None

    def scalar_one_or_none(self) -> Any:
        return self[0][0] if self else None

    @property
    def rowcount(self) -> int:
        return len(self)


@dataclass
class ScriptedConnection:
    """Answers from a script, with no rows once it is used up, and remembers what was done."""

    answers: list[list[Row]]
    steps: list[str] = field(default_factory=list)

    def execute(self, statement: Executable) -> Answer:
        self.steps.append(brief(statement))
        return Answer(self.answers.pop(0) if self.answers else [])

    def commit(self) -> None:
        self.steps.append("commit")

    def rollback(self) -> None:
        self.steps.append("rollback")


def brief(statement: Executable) -> str:
    """Shorten a statement to its verb, its first table and its lock."""
    if isinstance(statement, Select):
        text = str(statement)
        lock = " for update" if text.endswith("FOR UPDATE") else ""
        return f"select {text.partition('FROM ')[2].split()[0]}{lock}"
    assert isinstance(statement, Insert | Update)
    return f"{statement.__visit_name__} {statement.table.name}"


@pytest.fixture
def scripted() -> type[ScriptedConnection]:
    return ScriptedConnection
