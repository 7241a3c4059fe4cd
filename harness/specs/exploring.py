"""A spec's sessions as programs, to explore every possible interleaving of their steps.

A session is one program: its setup is carried out with its first step, and its teardown is a step
of its own if it ends the transaction or writes. A step is one turn, however many statements it
has. What the steps gave is the program's result. A session whose transaction the server refuses
gives up, as an application would; the isolation tester would send its other steps all the same.

Nothing is left out of the search: SQL that begins and ends transactions by itself does not tell in
advance which of its steps commute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Connection

from harness.engines import ENGINES, Engine, Isolation
from harness.errors import UsageError
from harness.interleave.schedule import Schedule
from harness.interleave.written import written_by
from harness.programs import Program
from harness.scenario import Scenario, scenario_of
from harness.sessions.session import (
    Abandoned,
    Session,
    first_line,
    refusal_of,
    session_of_this_thread,
    step_error,
)
from harness.sessions.step import Effect, Step, StepKind
from harness.specs.answer import Done, Rows
from harness.specs.cursor import Cursor
from harness.specs.level import begin_by_hand
from harness.specs.spec import Spec, SpecSession
from harness.specs.statements import statements_of

_WORD = re.compile(r"\s*(\w+)(?:\s+(\w+))?")
_SETTING = frozenset({"BEGIN", "START", "SET"})
_ENDS = (StepKind.COMMIT, StepKind.ROLLBACK)
_COMMITS = frozenset({"COMMIT", "END"})
_ROLLS_BACK = frozenset({"ROLLBACK", "ABORT"})


def scenario_of_spec(spec: Spec, name: str) -> Scenario:
    """The spec as a scenario: an interleaving is an anomaly if it matches no serial order.

    Where transactions begin without a level they run at the cell's.
    """
    programs = {
        _session_name(number, session.name): Program(_title(session), partial(_run, session))
        for number, session in enumerate(spec.sessions, start=1)
    }
    scenario = scenario_of(programs, partial(_set_up, spec), name=name)
    return Scenario(
        name=scenario.name,
        title=scenario.title,
        question=scenario.question,
        metadata=None,
        load=scenario.load,
        variants=scenario.variants,
        isolations=(Isolation.READ_COMMITTED,),
    )


def _title(session: SpecSession) -> str:
    return " ".join(step.name for step in session.steps)


def _session_name(number: int, name: str) -> str:
    """The session's name, if a schedule can hold it."""
    try:
        fits = Schedule.parse(name).sessions() == [name]
    except UsageError:
        fits = False
    return name if fits else f"T{number}"


def _set_up(spec: Spec, connection: Connection) -> None:
    """Carry the setup blocks out in autocommit: not all SQL can be in a transaction."""
    backend = connection.engine.url.get_backend_name()
    kind = next(e for e in ENGINES.values() if e.driver.partition("+")[0] == backend)
    with connection.engine.connect() as own:
        own.execution_options(isolation_level="AUTOCOMMIT")
        cursor = Cursor(own, kind)
        for sql in spec.setups:
            for _part in cursor.parts(sql):
                pass  # what a setup gives is not compared


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a session does at one turn."""

    name: str
    """The step's; empty for the teardown, whose result nobody compares."""
    setup: str | None
    sql: str
    step: Step
    commits_inside: bool


@lru_cache(maxsize=256)
def _turns(session: SpecSession, dialect: str) -> Sequence[_Turn]:
    turns: list[_Turn] = []
    for step in session.steps:
        if statements_of(step.sql, dialect):
            before = session.setup if not turns else None
            turns.append(_turn(step.name, before, step.sql, dialect))
    if session.teardown and statements_of(session.teardown, dialect):
        last = _turn("", None, session.teardown, dialect)
        if last.step.kind in _ENDS or written_by(last.step.text, dialect):
            turns.append(last)
    return turns


def _turn(name: str, setup: str | None, sql: str, dialect: str) -> _Turn:
    before = () if setup is None else statements_of(setup, dialect)
    statements = [*before, *statements_of(sql, dialect)]
    telling = [s for s in statements if _first_word(s) not in _SETTING] or statements[-1:]
    commits_inside = len(telling) > 1 and any(_first_word(s) in _COMMITS for s in statements)
    return _Turn(name, setup, sql, _step(telling), commits_inside)


def _step(statements: Sequence[str]) -> Step:
    if len(statements) > 1:
        # In braces nobody takes the first statement for all: it may have changed any table.
        return Step(StepKind.STATEMENT, f"{{ {'; '.join(statements)} }}")
    step = Step.of_statement(statements[0], None)
    word = _first_word(statements[0])
    if word in _COMMITS:
        return Step(StepKind.COMMIT, step.text)
    if word in _ROLLS_BACK and step.kind is StepKind.STATEMENT:
        return Step(StepKind.ROLLBACK, step.text)
    return step


def _first_word(statement: str) -> str:
    match = _WORD.match(statement)
    return match[1].upper() if match else ""


def _run(spec_session: SpecSession, connection: Connection) -> str:
    """The program: take every turn; what they gave, as text."""
    session = session_of_this_thread()
    assert session is not None, "a spec's program runs on its session's thread"
    begin_by_hand(connection)
    taking = _Taking(session, connection)
    try:
        turns = _turns(spec_session, session.kind.sql_dialect)
        said = [(turn.name, taking.take(turn)) for turn in turns]
        taking.end()
    except Abandoned:
        taking.roll_back()
        raise
    return "; ".join(f"{name}: {result}" for name, result in said if name)


class _Taking:
    """One run of a session's program."""

    def __init__(self, session: Session, connection: Connection) -> None:
        self._session = session
        self._kind: Engine = session.kind
        self._cursor = Cursor(connection, session.kind)
        dbapi: Any = connection.dialect.loaded_dbapi
        # What is no fault of the rows met: no such table, a syntax that the engine does not know.
        self._wrong: tuple[type[Exception], ...] = (dbapi.ProgrammingError, dbapi.OperationalError)
        self._uncounted = False
        """Whether something was committed that the session has not counted as a commit."""

    def take(self, turn: _Turn) -> str:
        """Take a turn; what it gave."""
        self._hold(turn.step)
        if turn.setup is not None:
            self._ask(turn.setup, "its setup")
        what = f"step '{turn.name}'" if turn.name else "its teardown"
        said = self._ask(turn.sql, what, counts=turn.step.kind not in _ENDS)
        self._note_commit(turn)
        return said

    def _hold(self, step: Step) -> None:
        if self._session.held:
            self._session.hold(step)
        else:
            self._session.commits.go_on(step)

    def end(self) -> None:
        """End a transaction that was left open: that is a step, since it lets others go on."""
        if self._cursor.in_transaction():
            self._hold(Step(StepKind.ROLLBACK, "rollback"))
            self.roll_back()

    def roll_back(self) -> None:
        """End the transaction, if there is one."""
        if self._cursor.in_transaction():
            self._all_parts("ROLLBACK")

    def _all_parts(self, block: str) -> Sequence[Rows | Done]:
        return list(self._cursor.parts(block))

    def _ask(self, block: str, what: str, *, counts: bool = True) -> str:
        """Ask a block and note the answer, of which rows and counts can be left out."""
        try:
            parts = self._all_parts(block)
        except self._kind.driver_error as error:
            return self._refused(error, what)
        self._session.note(_effect(parts if counts else ()))
        return ", ".join(map(_readable, parts)) if counts else "done"

    def _refused(self, error: Exception, what: str) -> str:
        said = first_line(error)
        if self._cursor.lost_by(error):
            self._session.misbehave(f"lost its connection: {said}")
        refusal = refusal_of(self._kind, error)
        if refusal is None and isinstance(error, self._wrong):
            self._session.misbehave(f"{what} is wrong: {said}")
        self._session.note(Effect(error=step_error(self._kind, error)))
        if refusal is not None and refusal.retryable:
            self._give_up()
            raise error
        return f"{type(error).__name__}: {said}"

    def _give_up(self) -> None:
        if self._uncounted:
            self._session.misbehave(
                "refused after a commit that does not stand alone: put each COMMIT into a step "
                "of its own, and what is done outside transactions into another session"
            )
        self._hold(Step(StepKind.ROLLBACK, "rollback"))
        self._all_parts("ROLLBACK")

    def _note_commit(self, turn: _Turn) -> None:
        if turn.step.kind in _ENDS:
            return  # the session has counted it
        alone = not self._cursor.in_transaction()
        wrote = written_by(turn.step.text, self._kind.sql_dialect)
        self._uncounted |= turn.commits_inside or bool(alone and wrote)


def _effect(parts: Sequence[Rows | Done]) -> Effect:
    rows = [part for part in parts if isinstance(part, Rows)]
    if rows:
        return Effect(len(rows[-1].rows), rows[-1].columns, rows[-1].rows)
    counts = [part.rowcount for part in parts if isinstance(part, Done)]
    return Effect(counts[-1] if counts else None)


def _readable(part: Rows | Done) -> str:
    """A result in one line; the rows in an order that does not depend on where they lie."""
    if isinstance(part, Done):
        return Effect(part.rowcount).readable()
    if not part.rows:
        return "no row"
    return " | ".join(sorted(", ".join(_shown(row)) for row in part.rows))


def _shown(row: Sequence[str | None]) -> Iterator[str]:
    return ("NULL" if value is None else value for value in row)
