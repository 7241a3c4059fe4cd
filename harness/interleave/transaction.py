"""What one session's transactions have touched, while its turns are read one after the other."""

from __future__ import annotations

import re
from functools import lru_cache

from harness.engines.engine import Isolation
from harness.interleave.execution import Turn
from harness.interleave.footprint import (
    A_SNAPSHOT,
    EVERYTHING,
    NOTHING,
    Footprint,
    References,
    footprint_of,
)
from harness.interleave.statement import read_statement
from harness.sessions.step import StepKind

ENDS = (StepKind.COMMIT, StepKind.ROLLBACK)
_WHOLE = (*ENDS, StepKind.ROLLBACK_TO)
_MULTI_VERSION = (Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ)
_STRICT = (Isolation.READ_UNCOMMITTED.value, Isolation.SERIALIZABLE.value)
_ONE_SNAPSHOT = (Isolation.REPEATABLE_READ.value, Isolation.SERIALIZABLE.value)
# A statement with which a program goes around SQLAlchemy to choose how its transactions are, or
# may: what a procedure does inside is not seen.
_CHOOSES = re.compile(
    r"(\s|/\*.*?\*/|--[^\n]*\n)*"
    r"(BEGIN\b|START\s+TRANSACTION|SET\b.*(ISOLATION|AUTOCOMMIT|TRANSACTION)|CALL\b|DO\b|EXECUTE\b"
    r"|SELECT\b.*\bSET_CONFIG\b)",
    re.IGNORECASE | re.DOTALL,
)


@lru_cache(maxsize=4096)
def _chooses(text: str) -> bool:
    return _CHOOSES.match(text) is not None


class Transactions:
    """A session's transactions: the footprint of the one that is open, and its snapshot."""

    def __init__(self, dialect: str, references: References, isolation: Isolation) -> None:
        self._dialect = dialect
        self._references = references
        self._isolation = isolation
        self._whole = NOTHING
        self._savepoints = False
        self._level_unknown = False
        self.strict = isolation not in _MULTI_VERSION
        self._forget_snapshot()

    def _forget_snapshot(self) -> None:
        self._began = self._has_snapshot = False

    def step(self, turn: Turn) -> Footprint:
        """A step's footprint; its transaction's grows by it."""
        step = turn.step
        self.strict |= step.isolation in _STRICT
        if self._level_unknown or _chooses(step.text):
            self._level_unknown = self.strict = True
            return EVERYTHING
        if step.kind in _WHOLE:
            return self._whole if self.strict else self._whole.without_reads()
        if step.kind is not StepKind.STATEMENT:
            self._savepoints |= step.kind is StepKind.SAVEPOINT
            return NOTHING
        footprint = footprint_of(step.text, self._dialect, self._references)
        if step.is_alone:
            return footprint
        self._whole |= footprint
        level = step.isolation or self._isolation.value
        may_see = level in _ONE_SNAPSHOT and self._may_take_snapshot(turn)
        return footprint | A_SNAPSHOT if may_see else footprint

    def _may_take_snapshot(self, turn: Turn) -> bool:
        """Whether a statement may be the one that takes its transaction's snapshot.

        The first that works on a table may, and the first plain read: it is one of these on each
        engine. What sets a variable is neither. A read without an answer may not have read, and
        one that locks somewhere, or asks what is no table of the fixture, may take no snapshot.
        """
        statement = read_statement(turn.step.text, self._dialect)
        first = not self._began
        if statement is None:
            self._forget_snapshot()  # it may have ended the transaction: END, TRUNCATE
            return True
        may_read = statement.plain and not self._has_snapshot
        self._began |= bool(statement.tables)
        answered = turn.effect is not None and bool(turn.effect.rows)
        reads = statement.plain and not statement.locks and bool(statement.tables)
        reads &= self._references.known(statement) is not None
        self._has_snapshot |= reads and answered
        return first or may_read

    def refuse(self, turn: Turn) -> Footprint:
        """The server refused a step and perhaps undid the transaction; what that touched.

        Inside a savepoint only what was done since may be undone, and after an error of which
        nothing is known the transaction may live on: what it touched is then still its own.
        """
        error = turn.effect.error if turn.effect is not None else None
        known = error is not None and error.refusal is not None
        self._forget_snapshot()
        return self._whole if self._savepoints or not known else self.end()

    def end(self) -> Footprint:
        """The transaction is over; what it touched."""
        whole, self._whole = self._whole, NOTHING
        self._savepoints = False
        self._forget_snapshot()
        return whole
