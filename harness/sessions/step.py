"""A step of a program, and what the server answered to it."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.outcome import Refusal

AUTOCOMMIT = "AUTOCOMMIT"
"""Stands for an isolation level in SQLAlchemy: every statement is a transaction of its own."""


class StepKind(enum.Enum):
    """What a step asks of the server."""

    STATEMENT = "statement"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    SAVEPOINT = "savepoint"
    RELEASE = "release"
    ROLLBACK_TO = "rollback to"


_LEADING_WORDS = (
    ("ROLLBACK TO", StepKind.ROLLBACK_TO),
    ("ROLLBACK", StepKind.ROLLBACK),
    ("COMMIT", StepKind.COMMIT),
    ("SAVEPOINT", StepKind.SAVEPOINT),
    ("RELEASE", StepKind.RELEASE),
)


@dataclass(frozen=True, slots=True)
class Step:
    """What a program is about to ask."""

    kind: StepKind
    text: str
    parameters: object = None
    isolation: str | None = None
    """The level the program chose for itself, as SQLAlchemy spells it; None: its session's."""

    @classmethod
    def of_statement(cls, text: str, parameters: object, isolation: str | None = None) -> Step:
        """A step from the text that goes to the driver.

        >>> Step.of_statement("ROLLBACK TO SAVEPOINT s", ()).kind
        <StepKind.ROLLBACK_TO: 'rollback to'>
        """
        head = text.lstrip()[:12].upper()
        for words, kind in _LEADING_WORDS:
            if head.startswith(words):
                return cls(kind, text, parameters, isolation)
        return cls(StepKind.STATEMENT, text, parameters, isolation)

    @property
    def is_alone(self) -> bool:
        """A statement that is a transaction of its own, without a commit that could be held.

        >>> Step(StepKind.STATEMENT, "update t set v = 1", None, AUTOCOMMIT).is_alone
        True
        """
        return self.kind is StepKind.STATEMENT and self.isolation == AUTOCOMMIT

    @property
    def commits(self) -> bool:
        """What was done before it, or in it, is committed once it has succeeded."""
        return self.kind is StepKind.COMMIT or self.is_alone

    def readable(self) -> str:
        r"""One line in which the parameters stand where they go; for people, never for a server.

        Casts of parameters are left out, and the table's name before its columns where only one
        table's columns are named.

        >>> asked = "select t.v from t\n where t.k = %(k)s::INTEGER"
        >>> Step(StepKind.STATEMENT, asked, {"k": 1}).readable()
        'select v from t where k = 1'
        """
        text = _ANONYMOUS.sub("", _CAST.sub(r"\1", self.text))
        if len(set(_QUALIFIER.findall(text))) == 1:
            text = _QUALIFIER.sub("", text)
        return " ".join(_inlined(text, self.parameters).split())


_CAST = re.compile(
    r"(%\(\w+\)s|%s)::(?:DOUBLE PRECISION|TIMESTAMP WITH(?:OUT)? TIME ZONE|[A-Z_]+)(?:\(\d+\))?"
)
_QUALIFIER = re.compile(r"(?<![\w'.])([a-z_][a-z0-9_]*)\.(?=[a-z_])")
_ANONYMOUS = re.compile(r" AS anon_\d+")


def _inlined(text: str, parameters: object) -> str:
    try:
        if isinstance(parameters, Mapping) and parameters:
            return text % {name: _literal(value) for name, value in parameters.items()}
        if isinstance(parameters, (tuple, list)) and parameters:
            if isinstance(parameters[0], (Mapping, tuple, list)):
                return f"{_inlined(text, parameters[0])} (and {len(parameters) - 1} more)"
            return text % tuple(_literal(value) for value in parameters)
    except (TypeError, KeyError, ValueError):
        # A driver whose placeholders are of another style: the text alone is still true.
        return f"{text} -- {parameters!r}"
    return text


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int, float)):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class StepError:
    """The error a step ended with."""

    name: str
    message: str
    refusal: Refusal | None = None
    detail: str = ""
    """What the server added to its message."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What the server answered: rows read (the first few), rows touched, or an error."""

    rowcount: int | None = None
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    error: StepError | None = None

    def readable(self) -> str:
        """The answer in a few words."""
        if self.error is not None:
            code = f"{self.error.refusal.code}: " if self.error.refusal else ""
            return f"{code}{self.error.message}"
        if self.columns:
            if not self.rows:
                return "no row"
            shown = [", ".join(_short(value) for value in row) for row in self.rows[:3]]
            more = f" (+{len(self.rows) - 3} rows)" if len(self.rows) > 3 else ""
            return " | ".join(shown) + more
        if self.rowcount is not None and self.rowcount >= 0:
            return f"{self.rowcount} row" + ("" if self.rowcount == 1 else "s")
        return "done"


def _short(value: object) -> str:
    return "NULL" if value is None else str(value)
